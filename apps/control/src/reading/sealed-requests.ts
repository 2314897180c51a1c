import { decodeDeliveryEvent, schemaIdOf } from '@tributary/codecs';
import { ledgerKey, maskRequest, type DeliveryAttempted, type LedgerEntry, type LogRecord, type TenantId } from '@tributary/domain';
import { learnSchema, readRecordsOf } from '@tributary/stream';
import { VaultError } from '@tributary/vault';
import type { LedgerPlace } from './ledger-reader.js';
import { LOG_TIME_LIMIT_MS } from './order-reader.js';
import type { ReadingPorts } from './reading.ports.js';

/** A request as people may see it, or why there is none to see. */
export type ShownRequest = { readonly request: unknown; readonly note: null } | { readonly request: null; readonly note: string };

const nothing = (note: string): ShownRequest => ({ request: null, note });
const NEVER_ATTEMPTED = nothing('No request was made.');
const NOT_ASKED_FOR = nothing('The log was not read, and only together with it can the request be opened.');
const KEY_GONE = nothing(
  'The request was sealed for a person whose key is gone (erased, or lost with a database): it cannot be opened any more.',
);

/** What is said of the requests when the log is not to be read. */
export const requestsLeftOut = (entries: readonly LedgerEntry[]): ReadonlyMap<string, ShownRequest> =>
  new Map(entries.map(({ key, attempts }) => [ledgerKey(key), attempts.length > 0 ? NOT_ASKED_FOR : NEVER_ATTEMPTED]));

/** Opens the newest request of each entry: the bytes are the ledger's, the event id that they are bound to stands in the delivery topic. */
export async function shownRequests(
  ports: ReadingPorts,
  place: LedgerPlace,
  entries: readonly LedgerEntry[],
): Promise<ReadonlyMap<string, ShownRequest>> {
  const attempted = entries.filter(({ attempts }) => attempts.length > 0);
  const keys = attempted.filter(({ sealedRequest }) => sealedRequest !== null).map(({ key }) => ledgerKey(key));
  const records = await readRecordsOf(ports.kafka, { topic: place.deliveryTopic, keys, timeLimitMs: LOG_TIME_LIMIT_MS }, ports.log);
  const shown = new Map<string, ShownRequest>();
  for (const entry of entries) {
    const key = ledgerKey(entry.key);
    shown.set(key, attempted.includes(entry) ? await shownRequest(ports, place, entry, records.get(key) ?? []) : NEVER_ATTEMPTED);
  }
  return shown;
}

async function shownRequest(
  ports: ReadingPorts,
  place: LedgerPlace,
  entry: LedgerEntry,
  records: readonly LogRecord[],
): Promise<ShownRequest> {
  const { sealedRequest } = entry;
  if (sealedRequest === null) return nothing('The request was sent without anything personal and was not kept.');
  const event = await attemptOf(ports, place, sealedRequest, records);
  if (event === undefined || event.sealedUnder === null) {
    return nothing('The request is on its way into the log; ask again in a moment.');
  }
  const sealed = { subjectId: event.sealedUnder, sealed: sealedRequest, topic: place.deliveryTopic, eventId: event.eventId };
  return opened(ports, entry.key.tenantId, sealed);
}

async function opened(
  ports: ReadingPorts,
  tenantId: TenantId,
  sealed: Parameters<ReadingPorts['vault']['openMany']>[1][number],
): Promise<ShownRequest> {
  try {
    const [body] = await ports.vault.openMany(tenantId, [sealed]);
    if (body === undefined || body === null) return KEY_GONE;
    return { request: maskRequest(JSON.parse(body.toString('utf8'))), note: null };
  } catch (error) {
    if (error instanceof VaultError || error instanceof SyntaxError) return nothing('The request as kept does not open: it is damaged.');
    throw error;
  }
}

/** The event that carried these sealed bytes. */
async function attemptOf(
  { registry, book }: ReadingPorts,
  place: LedgerPlace,
  sealed: Buffer,
  records: readonly LogRecord[],
): Promise<DeliveryAttempted | undefined> {
  for (const { value } of records.toReversed()) {
    if (value === null) continue;
    await learnSchema(registry, book, schemaIdOf(value));
    const event = decodeDeliveryEvent(book, place.records, value);
    if (event.type === 'Attempted' && event.sealedRequest?.equals(sealed) === true) return event;
  }
  return undefined;
}
