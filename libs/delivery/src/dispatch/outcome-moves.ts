import { ledgerKey, type DeliveryOutcome, type LedgerChange, type LedgerEntry, type VendorAnswer } from '@tributary/domain';
import type { Move } from './dispatch.port.js';

/** Where an entry goes after its outcome: out of the queue, due later for whoever comes, or ours a while longer to be sent in parts. */
export function moveAfter(
  change: LedgerChange,
  outcome: DeliveryOutcome,
  isolation: { readonly leaseMs: number; readonly owner: string },
  nowMs: number,
): Move {
  const { state, dueAt, settledAt } = change.entry;
  if (settledAt !== null || state === 'parked') return { change, queue: { kind: 'leave-queue' } };
  if (outcome.kind === 'isolate' || outcome.kind === 'resend-alone')
    return { change, queue: { kind: 'lease', ...isolation, isAlone: outcome.kind === 'resend-alone' } };
  return { change, queue: { kind: 'due', delayMs: Math.max(0, (dueAt ?? nowMs) - nowMs), isAlone: false } };
}

/** What a reply says about the credential as a whole. */
export type CredentialVerdict =
  | { readonly kind: 'works' }
  | { readonly kind: 'refused'; readonly answer: VendorAnswer }
  | { readonly kind: 'cannot-now'; readonly isThrottled: boolean; readonly retryAfterMs: number };

export function credentialVerdict(outcomes: readonly DeliveryOutcome[]): CredentialVerdict {
  const refused = outcomes.find(({ kind }) => kind === 'misconfigured');
  if (refused !== undefined) return { kind: 'refused', answer: refused.answer };
  const late = outcomes.find((outcome) => outcome.kind === 'transient' || outcome.kind === 'unknown');
  if (late === undefined) return { kind: 'works' };
  if (late.kind === 'transient') return { kind: 'cannot-now', isThrottled: late.isThrottled, retryAfterMs: late.retryAfterMs ?? 0 };
  return { kind: 'cannot-now', isThrottled: false, retryAfterMs: 0 };
}

/** How a request went for those who sent it together. */
export type GroupVerdict =
  /** `mustStop`: nothing more of this credential can leave now. `isRefused`: some of it will never pass. */
  | { readonly kind: 'settled'; readonly mustStop: boolean; readonly isRefused: boolean }
  | { readonly kind: 'isolate'; readonly suspectIndex: number | null }
  | { readonly kind: 'resend-alone' };

export function groupVerdict(outcomes: readonly DeliveryOutcome[]): GroupVerdict {
  const [first] = outcomes;
  if (first?.kind === 'isolate') return { kind: 'isolate', suspectIndex: first.suspectIndex };
  if (first?.kind === 'resend-alone') return { kind: 'resend-alone' };
  return {
    kind: 'settled',
    mustStop: outcomes.some(({ kind }) => kind === 'transient' || kind === 'unknown' || kind === 'misconfigured'),
    isRefused: outcomes.some(({ kind }) => kind === 'rejected' || kind === 'bug'),
  };
}

/**
 * Why a commit behind a token changed nothing: true when an entry is still where the change found it, so the token was refused;
 * false when somebody else has moved them all, so there is nothing to wait for.
 */
export function isAnyWhereItWas(moves: readonly Move[], now: readonly LedgerEntry[]): boolean {
  const before = new Map(moves.map(({ change: { entry } }) => [ledgerKey(entry.key), entry.version - 1]));
  return now.some(({ key, version }) => before.get(ledgerKey(key)) === version);
}
