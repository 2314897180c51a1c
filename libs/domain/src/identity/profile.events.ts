import type { Envelope } from '../envelope.js';
import type { ProfileId, SubjectId } from '../ids.js';
import type { JoiningKind } from './identity.rules.js';

/** A subject of a profile, with what a delivery needs of it. */
export interface ProfileSubject {
  readonly kind: JoiningKind;
  readonly subjectId: SubjectId;
  /** Of a visitor: others use the device, too, so what it shows is not this person's alone. */
  readonly isShared: boolean;
  /** Framed {@link IdentifierValue} as it stood in the assertion, sealed under this subject; null when it was erased. */
  readonly sealedValue: Buffer | null;
  /** Event id of that assertion: with the assertions' topic, what the seal is bound to. */
  readonly sealedIn: string | null;
}

interface ProfileEventBase extends Envelope {
  readonly profileId: ProfileId;
  /** Grows with every change of this id; consumers keep the greatest. The same version is always the same record. */
  readonly version: number;
}

/** Who is one person: the whole of it. */
export interface ProfileChanged extends ProfileEventBase {
  readonly type: 'ProfileChanged';
  /** Sorted by kind, then by subject id. */
  readonly subjects: readonly ProfileSubject[];
}

/** This id is no profile any more; an operator's decision may make it one again. */
export interface ProfileMerged extends ProfileEventBase {
  readonly type: 'ProfileMerged';
  /** The profile that it became; null when nothing is left of it. */
  readonly into: ProfileId | null;
}

export type ProfileEvent = ProfileChanged | ProfileMerged;

/** Record key of a profile, for ever: golden vectors in test/fixtures/golden/identity-keys.json. */
export const profileKey = ({ tenantId, profileId }: Pick<ProfileEventBase, 'tenantId' | 'profileId'>): string => `${tenantId}:${profileId}`;
