import {
  explainReason,
  ledgerKey,
  planDelivery,
  type ConnectionId,
  type DeliveryIntent,
  type Destination,
  type LedgerEntry,
  type Moment,
  type TenantId,
  type VendorAnswer,
  type VendorReply,
  type VendorRequest,
} from '@tributary/domain';
import type { ConnectionDirectory, WithSources } from './connection-directory.js';
import type { Credential } from './credentials.store.js';
import type { DestinationInForce } from './dispatch/dispatch.port.js';
import type { OrderRef, StoredOrder } from './orders.store.js';

/** Which order is tried at which destination; without a code that of the settings. */
export interface TrialOrder {
  readonly tenantId: TenantId;
  readonly destination: ConnectionId;
  readonly shop: ConnectionId;
  readonly orderId: string;
  readonly testCode: string | null;
}

export type TrialResult =
  | { readonly outcome: 'refused'; readonly because: string }
  /** The vendor's own answer, and what it is read as. */
  | { readonly outcome: 'done'; readonly tried: { readonly eventName: string; readonly outcome: string; readonly answer: VendorAnswer } };

export interface TrialPorts<Settings extends WithSources, Secrets> {
  readonly directory: Pick<ConnectionDirectory<Settings>, 'refresh' | 'tenant' | 'source' | 'destination'>;
  readonly inForce: (credential: Credential) => Promise<DestinationInForce<Settings, Secrets> | undefined>;
  readonly findOrder: (order: OrderRef) => Promise<StoredOrder | undefined>;
  readonly intents: (entries: readonly LedgerEntry[]) => Promise<ReadonlyMap<string, DeliveryIntent>>;
  readonly send: (request: VendorRequest, timeoutMs: number) => Promise<VendorReply>;
  readonly moment: () => Moment;
}

const refused = (because: string): TrialResult => ({ outcome: 'refused', because });

/**
 * Sends one order's event in the vendor's test mode, at once, beside queue and ledger: nothing of it is kept and it counts nowhere, so it
 * may be tried as often as one likes. Under an id of its own, so that it takes nothing from the real one. Consent holds for it as for any.
 */
export async function tryOrder<Settings extends WithSources, Secrets>(
  destination: Destination<Settings, Secrets>,
  { directory, inForce, findOrder, intents, send, moment }: TrialPorts<Settings, Secrets>,
  { tenantId, destination: connectionId, shop, orderId, testCode }: TrialOrder,
): Promise<TrialResult> {
  await directory.refresh();
  const [found, now] = [directory.destination(tenantId, connectionId), await inForce({ tenantId, connectionId })];
  if (found === undefined || now === undefined) return refused('the connection is not active, or its secrets are missing');
  const settings = destination.forTest?.(found.settings, testCode) ?? null;
  if (settings === null) return refused('there is no test mode without a test code: give one');
  const stored = await findOrder({ tenantId, connectionId: shop, orderId });
  const [tenant, source] = [directory.tenant(tenantId), directory.source(tenantId, shop)];
  if (stored === undefined || tenant === undefined || source === undefined) return refused('no such order is known');
  const { nowMs } = moment();
  const [decision] = destination.plan(stored.state, tenant, source, { ...found, settings, configuredAt: nowMs }, nowMs, []);
  if (decision === undefined) return refused('the order does not count under the settings (yet)');
  if (decision.kind === 'suppress') return refused(explainReason(decision.reason));
  const plan = { ...decision.plan, vendorEventId: `${decision.plan.vendorEventId}_test_${nowMs}` };
  const ids = { tenantId, destinationConnectionId: connectionId, sourceConnectionId: shop };
  const { entry } = planDelivery({ ...decision, plan }, ids, plan, moment());
  const intent = (await intents([entry])).get(ledgerKey(entry.key));
  if (intent === undefined) return refused('the order cannot be read now');
  const hold = destination.holdBack?.(intent, settings, nowMs) ?? null;
  if (hold !== null) return refused(explainReason(hold.reason));
  const request = destination.toRequest([intent], 'test', settings, now.secrets, now.baseUrl);
  const [outcome] = destination.interpret(await send(request, destination.declaration.requestTimeoutMs), 1);
  if (outcome === undefined) return refused('the vendor’s answer says nothing of the event');
  return { outcome: 'done', tried: { eventName: entry.key.eventName, outcome: outcome.kind, answer: outcome.answer } };
}
