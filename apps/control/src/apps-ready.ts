import type { VendorReply, VendorRequest } from '@tributary/domain';

export type AppUrls = Readonly<Record<string, string | null>>;
type Ask = (request: VendorRequest, timeoutMs: number) => Promise<VendorReply>;

const TIMEOUT_MS = 2_000;

const reasonsOf = (body: string): readonly string[] => {
  try {
    const { reasons } = JSON.parse(body) as { readonly reasons?: unknown };
    return Array.isArray(reasons) ? reasons.map(String) : [];
  } catch {
    return [];
  }
};

async function notReady(name: string, url: string, ask: Ask): Promise<readonly string[]> {
  const reply = await ask(
    { method: 'GET', url: `${url.replace(/\/+$/, '')}/readyz`, headers: { accept: 'application/json' }, body: '' },
    TIMEOUT_MS,
  );
  if (reply.kind !== 'answered') return [`${name} does not answer (${reply.cause})`];
  if (reply.status === 200) return [];
  const reasons = reasonsOf(reply.body);
  return reasons.length === 0 ? [`${name} answers ${reply.status}`] : reasons.map((reason) => `${name}: ${reason}`);
}

/** Why not every app is ready: each app's name with its own reasons; empty when all are. */
export async function appsNotReady(urls: AppUrls, ask: Ask): Promise<readonly string[]> {
  const asked = Object.entries(urls).flatMap(([name, url]) => (url === null ? [] : [notReady(name, url, ask)]));
  return (await Promise.all(asked)).flat();
}
