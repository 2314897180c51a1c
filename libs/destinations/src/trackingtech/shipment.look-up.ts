import type { LookUpOutcome, VendorLookUp, VendorReply } from '@tributary/domain';
import { scrubbed } from '../answer-text.js';
import { courierIdOf, isObject } from './answer-classes.js';
import { pageIn, withoutVerdict } from './list-page.js';
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

/** Absent only when a list that can be read, and is whole, has no such order. */
function interpretLookUp(reply: VendorReply, reference: string): LookUpOutcome {
  const page = pageIn(reply);
  if (page === null) return { kind: 'cannot-tell', outcome: withoutVerdict(reply) };
  const own = page.records.find((record) => isObject(record) && String(record['order_id']) === reference);
  if (own !== undefined) {
    const status = isObject(own) && typeof own['status'] === 'string' ? own['status'] : '';
    return { kind: 'found', answer: { code: 'found', message: scrubbed(`status ${status}`), requestId: courierIdOf(own) } };
  }
  if ((page.lastPage ?? 1) > 1) return { kind: 'cannot-tell', outcome: withoutVerdict({ kind: 'no-answer', cause: 'connection-lost' }) };
  return { kind: 'absent', answer: { code: 'not-found', message: 'the courier has no such order', requestId: null } };
}
