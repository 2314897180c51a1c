import type { Envelope } from '../envelope.js';
import { asSubjectId, asTenantId, type ProfileId, type SubjectId, type TenantId } from '../ids.js';
import { visitKey } from '../visit.events.js';

/** What a visitor said about advertising; later than all earlier ones, until the next. */
export interface VisitorConsent {
  /** Epoch ms, browser's clock, never after the arrival. */
  readonly at: number;
  /** Of the visit that said so. */
  readonly eventId: string;
  readonly answer: 'granted' | 'denied';
  /** The visitor answered then; else a visit found this answer in force. */
  readonly isAnswer: boolean;
}

/** Which evidence the sealed part of a visit may hold; names of {@link VisitPersonal}. */
export const EVIDENCE_FIELDS = ['ip', 'locale', 'ttclid', 'ttp', 'url', 'userAgent'] as const;
export type EvidenceField = (typeof EVIDENCE_FIELDS)[number];

/** A visit that shows something no later visit shows, with its sealed part as it stood in the log. */
export interface VisitorPart {
  /** Of the visit: with the visits' topic, what the seal is bound to. */
  readonly eventId: string;
  /** Epoch ms, browser's clock, never after the arrival. */
  readonly at: number;
  /** Sorted. */
  readonly fields: readonly EvidenceField[];
  /** Equal for equal click ids of the visitor. */
  readonly clickMark: string | null;
  /** Framed {@link VisitPersonal} under the visitor's key. */
  readonly sealed: Buffer;
}

/** Match evidence of one visitor and whose it is: the whole of it. `connectionId` and times of the envelope are the newest visit's. */
export interface VisitorChanged extends Envelope {
  readonly type: 'VisitorChanged';
  readonly visitor: SubjectId;
  /** Grows with every change of this visitor; consumers keep the greatest. The same version is always the same record. */
  readonly version: number;
  /** Offset after the last visit that changed the evidence. */
  readonly evidenceVersion: number;
  /** Whose its next event is; null: nobody's, or more than one person's. */
  readonly profileId: ProfileId | null;
  /** Seen with more than one person. */
  readonly isShared: boolean;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  /** Newest first, bounded. */
  readonly consents: readonly VisitorConsent[];
  /** Newest first, bounded: what {@link readVisitorEvidence} reads once it is opened. */
  readonly parts: readonly VisitorPart[];
}

/** Nobody has seen the visitor for long, or it was erased: a tombstone. */
export interface VisitorForgotten {
  readonly type: 'VisitorForgotten';
  readonly tenantId: TenantId;
  readonly visitor: SubjectId;
}

/** Everything before `nextOffset` of this partition of the visits' topic stands before this record. Consumers keep the greatest. */
export interface VisitsApplied extends Envelope {
  readonly type: 'VisitsApplied';
  readonly partition: number;
  readonly nextOffset: number;
}

export type VisitorEvent = VisitorChanged | VisitorForgotten | VisitsApplied;

/** Record key of a visitor, which is its visits' key, so that both lie in the same partition. */
export const visitorKey = ({ tenantId, visitor }: Pick<VisitorForgotten, 'tenantId' | 'visitor'>): string =>
  visitKey({ tenantId, visitor, eventId: '' });

const PROGRESS_KEY = '~visits-applied:';

/** Record key of a partition's progress; no tenant's name begins with `~`. Golden vectors in test/fixtures/golden/identity-keys.json. */
export const visitsAppliedKey = (partition: number): string => `${PROGRESS_KEY}${partition}`;

/** What a tombstone in the visitors' topic says; null for a key that is no visitor's. */
export function forgottenVisitor(key: string): VisitorForgotten | null {
  const colon = key.indexOf(':');
  if (colon < 1 || key.startsWith(PROGRESS_KEY)) return null;
  return { type: 'VisitorForgotten', tenantId: asTenantId(key.slice(0, colon)), visitor: asSubjectId(key.slice(colon + 1)) };
}
