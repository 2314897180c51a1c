import type { DeliveryMode, LedgerKeyParts } from './delivery.events.js';
import { asConnectionId, asTenantId, isTenantOrConnectionId, type ConnectionId, type TenantId } from './ids.js';

export interface OrderKeyParts {
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
  /** Decimal text; sources refuse anything else. */
  readonly orderId: string;
}

/** Record key of an order's events, `tenant:connection:orderId`: none of the three can hold a colon. */
export const orderKey = (parts: OrderKeyParts): string => `${parts.tenantId}:${parts.connectionId}:${parts.orderId}`;

const LONE_SURROGATES = /\p{Surrogate}/gu;

/**
 * The written form of a ledger key, and the record key of delivery events: seven components joined by `:`, each percent-encoded
 * (`bump:12` becomes `bump%3A12`). Kept for ever: golden vectors in test/fixtures/golden/ledger-key.json.
 * Lone surrogates become U+FFFD, so every text has a key.
 */
export const ledgerKey = (parts: LedgerKeyParts): string =>
  [parts.tenantId, parts.destinationConnectionId, parts.sourceConnectionId, parts.reference, parts.eventName, parts.revision, parts.mode]
    .map((component) => encodeURIComponent(component.replace(LONE_SURROGATES, '\uFFFD')))
    .join(':');

const isMode = (text: string): text is DeliveryMode => text === 'live' || text === 'test';

function decodeComponents(text: string): readonly string[] | null {
  try {
    return text.split(':').map(decodeURIComponent);
  } catch {
    return null;
  }
}

/** Reads what {@link ledgerKey} wrote; null for any other text, so that one effect never has two spellings. */
export function parseLedgerKey(text: string): LedgerKeyParts | null {
  const components = decodeComponents(text);
  if (components?.length !== 7) return null;
  const [tenantId, destination, source, reference, eventName, revision, mode] = components as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  if (!isMode(mode) || ![tenantId, destination, source].every(isTenantOrConnectionId)) return null;
  const parts: LedgerKeyParts = {
    tenantId: asTenantId(tenantId),
    destinationConnectionId: asConnectionId(destination),
    sourceConnectionId: asConnectionId(source),
    reference,
    eventName,
    revision,
    mode,
  };
  return ledgerKey(parts) === text ? parts : null;
}
