import type { DeliveryOutcome, VendorReply } from '@tributary/domain';
import { isObject, jsonOf, outcomeOf } from './answer-classes.js';

export interface ListPage {
  readonly records: readonly unknown[];
  /** Null: the list says nothing of pages, so it is whole. */
  readonly lastPage: number | null;
}

/** The page that an answer holds; null for a refusal, a page of HTML, and whatever else is no list. */
export const pageIn = (reply: VendorReply): ListPage | null =>
  reply.kind === 'answered' && reply.status === 200 ? readListPage(jsonOf(reply.body)) : null;

/** The three shapes in which this platform answers lists: plain, `{meta: {last_page}, data}`, `{data, last_page}`; null for anything else. */
function readListPage(body: unknown): ListPage | null {
  if (Array.isArray(body)) return { records: body, lastPage: null };
  if (!isObject(body) || !Array.isArray(body['data'])) return null;
  const paging = isObject(body['meta']) ? body['meta'] : body;
  const lastPage = paging['last_page'];
  return { records: body['data'], lastPage: typeof lastPage === 'number' ? lastPage : null };
}

/** A list that was refused says nothing about orders: only what it says of the account or of the moment counts. */
export function withoutVerdict(reply: VendorReply): DeliveryOutcome {
  const outcome = outcomeOf(reply);
  if (outcome.kind === 'misconfigured' || outcome.kind === 'transient') return outcome;
  return { kind: 'unknown', answer: outcome.answer };
}
