import type { SubjectKind } from '../vault.port.js';

/**
 * Version of every rule of this folder: limits, windows, thresholds, and what may join. A new version is folded beside the old
 * one; rows say by which version they were made.
 */
export const IDENTITY_RULE_VERSION = 1;

/** Kinds that can join; an order only ties. A smaller tier is the stronger one. */
const TIERS: Readonly<Record<Exclude<SubjectKind, 'order'>, number>> = { customer: 1, email: 2, phone: 3, visitor: 4 };

export type JoiningKind = keyof typeof TIERS;

export const isJoiningKind = (kind: string): kind is JoiningKind => Object.hasOwn(TIERS, kind);
export const tierOf = (kind: JoiningKind): number => TIERS[kind];

const DAY_MS = 86_400_000;

/** How many ids of a kind may join a profile within a window of time; a customer id once and for ever. */
export const LIMITS: Readonly<Record<JoiningKind, { readonly max: number; readonly windowMs: number }>> = {
  customer: { max: 1, windowMs: Number.POSITIVE_INFINITY },
  email: { max: 5, windowMs: 365 * DAY_MS },
  phone: { max: 3, windowMs: 365 * DAY_MS },
  visitor: { max: 5, windowMs: 7 * DAY_MS },
};

/** A value that was shown with this many customer ids, or this many mail addresses, within the window is nobody's own. */
export const QUARANTINE_AT: Readonly<Record<Exclude<JoiningKind, 'customer'>, number>> = { email: 2, phone: 3, visitor: 3 };
export const QUARANTINE_WINDOW_MS = 30 * DAY_MS;

/** Ids of a profile from which on a person looks at it. */
export const LARGE_PROFILE_IDS = 25;
/** Nothing joins a profile beyond these. */
export const MAX_PROFILE_IDS = 1_000;
export const MAX_PROFILE_MERGES = 100;
/** A visitor id seen with so many profiles is a shared device for good: further ones are not kept. */
export const MAX_VISITOR_PROFILES = 10;
