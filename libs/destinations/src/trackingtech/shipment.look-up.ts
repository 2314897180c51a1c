import type { LookUpOutcome, VendorLookUp, VendorReply } from '@tributary/domain';
import { scrubbed } from '../answer-text.js';
import { courierIdOf, isObject, jsonOf, outcomeOf } from './answer-classes.js';
import { courierHeaders, courierUrl } from './shipment.request.js';
import type { TrackingtechSecrets, TrackingtechSettings } from './trackingtech.schema.js';

/** More than one order can never be asked for, so a second page is none of ours. */
const PER_PAGE = 100;

/** Asks for one order of the shop by its id, under the customer that the shop is linked to. */
export const shipmentLookUp: VendorLookUp<TrackingtechSettings, TrackingtechSecrets> = {
  toRequest: (reference, settings, secrets, baseUrl) => {
    const query = new URLSearchParams({ ids: reference, customer_id: settings.customerId ?? '', page: '1', per_page: String(PER_PAGE) });
    return {
      method: 'GET',
      url: `${courierUrl(settings, baseUrl, settings.paths.orderStatus)}?${query.toString()}`,
      headers: courierHeaders(secrets),
      body: '',
    };
  },
  interpret: interpretLookUp,
};

interface ListPage {
  readonly records: readonly unknown[];
  /** Null: the list says nothing of pages, so it is whole. */
  readonly lastPage: number | null;
}

/** The three shapes in which this platform answers lists: plain, `{meta: {last_page}, data}`, `{data, last_page}`; null for anything else. */
function readListPage(body: unknown): ListPage | null {
  if (Array.isArray(body)) return { records: body, lastPage: null };
  if (!isObject(body) || !Array.isArray(body['data'])) return null;
  const paging = isObject(body['meta']) ? body['meta'] : body;
  const lastPage = paging['last_page'];
  return { records: body['data'], lastPage: typeof lastPage === 'number' ? lastPage : null };
}

/** Absent only when a list that can be read, and is whole, has no such order. */
function interpretLookUp(reply: VendorReply, reference: string): LookUpOutcome {
  const page = reply.kind === 'answered' && reply.status === 200 ? readListPage(jsonOf(reply.body)) : null;
  if (page === null) return { kind: 'cannot-tell', outcome: withoutVerdict(reply) };
  const own = page.records.find((record) => isObject(record) && String(record['order_id']) === reference);
  if (own !== undefined) {
    const status = isObject(own) && typeof own['status'] === 'string' ? own['status'] : '';
    return { kind: 'found', answer: { code: 'found', message: scrubbed(`status ${status}`), requestId: courierIdOf(own) } };
  }
  if ((page.lastPage ?? 1) > 1) return { kind: 'cannot-tell', outcome: withoutVerdict({ kind: 'no-answer', cause: 'connection-lost' }) };
  return { kind: 'absent', answer: { code: 'not-found', message: 'the courier has no such order', requestId: null } };
}

/** A refused look-up says nothing about the order: only what it says of the account or of the moment counts. */
function withoutVerdict(reply: VendorReply): ReturnType<typeof outcomeOf> {
  const outcome = outcomeOf(reply);
  if (outcome.kind === 'misconfigured' || outcome.kind === 'transient') return outcome;
  return { kind: 'unknown', answer: outcome.answer };
}
