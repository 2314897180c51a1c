import { v5 as uuidv5 } from 'uuid';
import { asConnectionId, type ProfileId, type TenantId } from '../ids.js';
import type { Envelope } from '../envelope.js';
import type { ProfileHead, SealedIdentifier, VisitorHead } from './identity.rows.js';
import { profileKey, type ProfileEvent } from './profile.events.js';
import { visitorKey, visitsAppliedKey, type VisitorChanged, type VisitsApplied } from './visitor.events.js';
import type { VisitorRow } from './visitor.projection.js';

/** Chosen at random once. */
const NAMESPACE = '9d1f6a52-0b7e-4c7b-8a3e-3c1f5f0d7b64';
const SOURCE = 'identity';
/** A profile is the tenant's, not a connection's. */
const NO_CONNECTION = asConnectionId('');

/** The same version of a key is the same record, however often it is published. */
const envelope = (key: string, version: number, rest: Omit<Envelope, 'eventId' | 'source'>): Envelope => ({
  eventId: uuidv5(`${key}:${version}`, NAMESPACE),
  ...rest,
  source: SOURCE,
});

/** What consumers are told of a profile id. `values`: of its subjects, by subject id; one that was erased is missing. */
export function profileRecord(
  tenantId: TenantId,
  profileId: ProfileId,
  { version, atMs, subjects, into }: ProfileHead,
  values: ReadonlyMap<string, SealedIdentifier>,
): ProfileEvent {
  const times = { tenantId, connectionId: NO_CONNECTION, occurredAt: atMs, receivedAt: atMs };
  const base = { ...envelope(profileKey({ tenantId, profileId }), version, times), profileId, version };
  if (subjects === null) return { type: 'ProfileMerged', ...base, into };
  return {
    type: 'ProfileChanged',
    ...base,
    subjects: subjects.map((subject) => {
      const value = values.get(subject.subjectId);
      return { ...subject, sealedValue: value?.sealedValue ?? null, sealedIn: value?.eventId ?? null };
    }),
  };
}

/**
 * What consumers are told of a visitor. Both versions only grow, so their sum tells of two states read one after the other which is
 * the newer, and is equal for equal ones only.
 */
export function visitorRecord(row: VisitorRow, head: VisitorHead | null): VisitorChanged {
  const { tenantId, visitor, connectionId, firstSeenAt, lastSeenAt, receivedAt, consents, parts } = row;
  const version = row.version + (head?.version ?? 0);
  const times = { tenantId, connectionId, occurredAt: lastSeenAt, receivedAt };
  return {
    type: 'VisitorChanged',
    ...envelope(visitorKey({ tenantId, visitor }), version, times),
    visitor,
    version,
    evidenceVersion: row.version,
    profileId: head?.profileId ?? null,
    isShared: head?.isShared ?? false,
    firstSeenAt,
    lastSeenAt,
    consents,
    parts,
  };
}

/** The evidence in a visitor's record, as it was when it was written: what visits that are gone from their topic had shown. */
export const visitorRowOf = ({
  tenantId,
  visitor,
  connectionId,
  evidenceVersion,
  firstSeenAt,
  lastSeenAt,
  receivedAt,
  consents,
  parts,
}: VisitorChanged): VisitorRow => ({
  tenantId,
  visitor,
  version: evidenceVersion,
  connectionId,
  firstSeenAt,
  lastSeenAt,
  receivedAt,
  consents,
  parts,
});

/** `nowMs`: time of writing. */
export const progressRecord = (tenantId: TenantId, partition: number, nextOffset: number, nowMs: number): VisitsApplied => {
  const times = { tenantId, connectionId: NO_CONNECTION, occurredAt: nowMs, receivedAt: nowMs };
  return { type: 'VisitsApplied', ...envelope(visitsAppliedKey(partition), nextOffset, times), partition, nextOffset };
};
