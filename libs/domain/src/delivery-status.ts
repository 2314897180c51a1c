import type { StatusNames } from './delivery.events.js';
import type { LedgerEntry } from './delivery.ledger.js';
import { ledgerKey } from './order-key.js';
import type { DeliveryOutcome, VendorReply, VendorRequest } from './outcome.js';

/** An effect that the vendor took and has not closed: what its lists may know it by. */
export interface OpenEffect {
  /** The ledger key's written form. */
  readonly ledgerKey: string;
  /** Order id. */
  readonly reference: string;
  /** As far as it is known; null when the vendor named none. */
  readonly trackingId: string | null;
  /** Epoch ms, our clock: when the vendor had taken it. */
  readonly takenAt: number;
}

/** One record of a vendor's list; null and absent fields say nothing. */
export interface StatusRecord {
  /** Order id; null where the list does not name it. */
  readonly reference: string | null;
  readonly trackingId: string | null;
  readonly status: string | null;
  readonly statusName: string | null;
  /** The vendor's own word for the end: nothing more is asked. */
  readonly isFinal: boolean;
  /** Epoch ms: when the vendor made its record. */
  readonly recordedAt: number | null;
  /** Epoch ms: when the parcel was, or is to be, fetched. */
  readonly withdrawnAt: number | null;
  readonly names: StatusNames;
}

/** One list that is asked for, page by page. */
export interface StatusQuery {
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** A page of a list, or that it could not be read: as an outcome of any request. */
export type StatusPage =
  | { readonly kind: 'page'; readonly records: readonly StatusRecord[]; readonly isLast: boolean }
  | { readonly kind: 'cannot-tell'; readonly outcome: DeliveryOutcome };

/** The part of a destination that reads back what became of its effects. Pure. */
export interface StatusReading<Settings, Secrets> {
  /** How often the youngest open effects are asked about; null: nobody wants to know. */
  refreshEveryMs(settings: Settings): number | null;
  /** Lists that speak of these effects; of two that say different things about one, the earlier is believed. */
  queries(open: readonly OpenEffect[], settings: Settings, nowMs: number): readonly StatusQuery[];
  /** `page` is 1-based. */
  toRequest(query: StatusQuery, page: number, settings: Settings, secrets: Secrets, baseUrl: string): VendorRequest;
  interpret(reply: VendorReply, page: number): StatusPage;
}

/** What the vendor says of one effect now. */
export interface StatusSeen {
  readonly status: string;
  readonly statusName: string | null;
  readonly isFinal: boolean;
  readonly trackingId: string | null;
  readonly recordedAt: number | null;
  readonly withdrawnAt: number | null;
  readonly names: StatusNames;
}

/** An entry as the vendor's lists may know it. */
export function openEffectOf(entry: Pick<LedgerEntry, 'key' | 'attempts' | 'status' | 'plannedAt' | 'settledAt'>): OpenEffect {
  const { key, attempts, status, plannedAt, settledAt } = entry;
  const answered = attempts.findLast(({ outcome }) => outcome === 'delivered')?.requestId ?? null;
  return {
    ledgerKey: ledgerKey(key),
    reference: key.reference,
    trackingId: status?.trackingId ?? answered,
    takenAt: settledAt ?? plannedAt,
  };
}

const NO_NAMES: StatusNames = { driverId: null, driverName: null, routeId: null, routeName: null };

/**
 * What several lists say of each effect together, by ledger key: of each field the first list's that has it. Of several records of one
 * list the newest counts. An effect that no list gives a status is absent.
 */
export function readStatuses(open: readonly OpenEffect[], lists: readonly (readonly StatusRecord[])[]): ReadonlyMap<string, StatusSeen> {
  const newest = lists.map((records) => {
    const byName = new Map<string, StatusRecord>();
    const put = (name: string, record: StatusRecord): void => {
      const before = byName.get(name);
      if (before === undefined || (before.recordedAt ?? 0) <= (record.recordedAt ?? 0)) byName.set(name, record);
    };
    for (const record of records) {
      if (record.reference !== null) put(`order:${record.reference}`, record);
      else if (record.trackingId !== null) put(`tracking:${record.trackingId}`, record);
    }
    return byName;
  });
  const seen = new Map<string, StatusSeen>();
  for (const { ledgerKey, reference, trackingId } of open) {
    const said = newest.flatMap((byName) => {
      const record = byName.get(`order:${reference}`) ?? (trackingId === null ? undefined : byName.get(`tracking:${trackingId}`));
      return record === undefined ? [] : [record];
    });
    const stated = said.find(({ status }) => status !== null);
    if (stated?.status === undefined || stated.status === null) continue;
    const first = <Value>(of: (record: StatusRecord) => Value | null): Value | null => said.map(of).find((value) => value !== null) ?? null;
    seen.set(ledgerKey, {
      status: stated.status,
      statusName: stated.statusName,
      isFinal: stated.isFinal,
      trackingId: first((record) => record.trackingId),
      recordedAt: first(({ recordedAt }) => recordedAt),
      withdrawnAt: first(({ withdrawnAt }) => withdrawnAt),
      names: {
        driverId: first(({ names }) => names.driverId),
        driverName: first(({ names }) => names.driverName),
        routeId: first(({ names }) => names.routeId),
        routeName: first(({ names }) => names.routeName),
      },
    });
  }
  return seen;
}

/** What is to be written about an effect: what is known already, with what was seen over it. */
export interface StatusNews {
  readonly seen: StatusSeen;
  /** Null when there is nothing new about them. */
  readonly names: StatusNames | null;
}

const laidOver = <Value extends object>(known: Value, seen: Value): Value => {
  const given = Object.entries(seen).filter(([, value]) => value !== null);
  return { ...known, ...Object.fromEntries(given) };
};
const isSame = <Value extends object>(one: Value, other: Value): boolean =>
  (Object.keys(one) as (keyof Value)[]).every((field) => one[field] === other[field]);

/** For a person whose key is gone: nobody may keep who brings it. */
export const withoutNames = (seen: StatusSeen): StatusSeen => ({ ...seen, names: NO_NAMES });

/**
 * What of a reading is worth an event; null for what equals the newest that is known, for what only leaves something out, and for
 * anything about an effect that the vendor has closed. `knownNames` is what the newest sealed part says; null when nobody can open it
 * any more, then names are left alone.
 */
export function newsOf(
  { state, status: known }: Pick<LedgerEntry, 'state' | 'status'>,
  seen: StatusSeen,
  knownNames: StatusNames | null,
): StatusNews | null {
  if (state !== 'delivered' || known?.isFinal === true) return null;
  const names = laidOver(knownNames ?? NO_NAMES, seen.names);
  const areNamesNew = !isSame(names, knownNames ?? NO_NAMES) && (known === null || known.names === null || knownNames !== null);
  const { trackingId, recordedAt, withdrawnAt } = seen;
  const details = laidOver(
    { trackingId: known?.trackingId ?? null, recordedAt: known?.recordedAt ?? null, withdrawnAt: known?.withdrawnAt ?? null },
    { trackingId, recordedAt, withdrawnAt },
  );
  const merged: StatusSeen = { ...seen, ...details, names };
  const areDetailsNew =
    known === null ||
    known.status !== seen.status ||
    known.statusName !== seen.statusName ||
    known.isFinal !== seen.isFinal ||
    !isSame(details, { trackingId: known.trackingId, recordedAt: known.recordedAt, withdrawnAt: known.withdrawnAt });
  return areNamesNew || areDetailsNew ? { seen: merged, names: areNamesNew ? names : null } : null;
}
