import { adminToken } from '@tributary/config';
import { ControlClient } from '@tributary/http';
import { cliSettings, settingsFor } from './cli.config.js';

/** Longer than control may take to read a log. */
const TIMEOUT_MS = 60_000;

/** Opens the way to control, asks, closes it. */
export async function withControl<Answer>(
  environment: NodeJS.ProcessEnv,
  work: (client: ControlClient) => Promise<Answer>,
): Promise<Answer> {
  const settings = settingsFor(cliSettings, environment);
  const client = new ControlClient({ url: settings.CONTROL_URL, adminToken: adminToken(settings).reveal(), timeoutMs: TIMEOUT_MS });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** Asks control one thing with GET; an absent parameter is left out of the address. */
export function askControl<Answer>(
  environment: NodeJS.ProcessEnv,
  path: readonly string[],
  query: Readonly<Record<string, string | undefined>> = {},
): Promise<Answer> {
  const parameters = new URLSearchParams(Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined));
  const address = `/v1/${path.map(encodeURIComponent).join('/')}${parameters.size === 0 ? '' : `?${parameters.toString()}`}`;
  return withControl(environment, async (client) => (await client.send('GET', address)) as Answer);
}

/** Has control do one thing with POST. */
export const tellControl = <Answer>(environment: NodeJS.ProcessEnv, path: readonly string[], body: object = {}): Promise<Answer> =>
  withControl(environment, async (client) => (await client.send('POST', `/v1/${path.map(encodeURIComponent).join('/')}`, body)) as Answer);

/** `tenant/connection`, each as an element of an address. */
export function connectionPath(connection: string): string {
  const [tenant, id, ...more] = connection.split('/');
  if (tenant === undefined || tenant === '' || id === undefined || id === '' || more.length > 0)
    throw new Error('--connection must be <tenant>/<connection>, such as acme/shop');
  return `/v1/tenants/${encodeURIComponent(tenant)}/connections/${encodeURIComponent(id)}`;
}

interface TenantsPage {
  readonly items: readonly { readonly id: string }[];
  readonly nextCursor: string | null;
}

/** Ids of all tenants. */
export async function allTenants(environment: NodeJS.ProcessEnv): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page: TenantsPage = await askControl<TenantsPage>(environment, ['tenants'], { cursor, limit: '1000' });
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return ids;
}
