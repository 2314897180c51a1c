import { randomBytes } from 'node:crypto';
import type { ShopClient } from '@tributary/http';
import {
  frontPageRequest,
  nextMove,
  pollSettings,
  resumePoll,
  shopRequest,
  takeReply,
  type LookFailure,
  type ShopKeys,
} from '@tributary/sources';

const SETTINGS = pollSettings(60_000, null);
/** Header, keys in the address, the front page's link, and the list at the place that it names, each perhaps once more. */
const MAX_REQUESTS = 6;

/** Asks the shop with these keys in every way in which it may want to be asked; null when it showed its orders. */
export async function proveKeys(client: Pick<ShopClient, 'send'>, storeUrl: string, keys: ShopKeys): Promise<LookFailure | null> {
  let state = resumePoll(null, storeUrl, SETTINGS.pageRows);
  for (let requests = 0; requests < MAX_REQUESTS; requests += 1) {
    const now = Date.now();
    const next = nextMove(state, SETTINGS, now);
    const { move } = next;
    const request =
      move.kind === 'ask-shop'
        ? shopRequest(move.query, move.access, keys, { timestampSeconds: Math.floor(now / 1_000), nonce: randomBytes(16).toString('hex') })
        : frontPageRequest(storeUrl);
    const step = takeReply(next.state, await client.send(request), SETTINGS, { now, defaultCountry: null });
    if (step.failure !== null) return step.failure;
    if (step.state.access !== null) return null;
    state = step.state;
  }
  return { kind: 'unusable', detail: 'the shop never came to an answer' };
}
