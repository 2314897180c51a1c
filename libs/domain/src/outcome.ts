import type { VendorAnswer } from './delivery.events.js';

/** How one intent of a request came out, as a destination's `interpret` reads the vendor's reply. */
export type DeliveryOutcome =
  | { readonly kind: 'delivered'; readonly answer: VendorAnswer }
  /** This intent is at fault and will never pass. */
  | { readonly kind: 'rejected'; readonly reason: string; readonly answer: VendorAnswer }
  /** The request as a whole was refused although only some intents are at fault: nothing of it was taken; send again in parts. */
  | { readonly kind: 'isolate'; readonly suspectIndex: number | null; readonly answer: VendorAnswer }
  /** Partly taken, nobody knows which: each intent again, alone. */
  | { readonly kind: 'resend-alone'; readonly answer: VendorAnswer }
  /** May pass later; `isThrottled` does not use up an attempt. `retryAfterMs` as the vendor asked, else null. */
  | { readonly kind: 'transient'; readonly isThrottled: boolean; readonly retryAfterMs: number | null; readonly answer: VendorAnswer }
  /** The request may or may not have been taken. */
  | { readonly kind: 'unknown'; readonly answer: VendorAnswer }
  /** A person must act on the credential. */
  | { readonly kind: 'misconfigured'; readonly answer: VendorAnswer }
  /** Our own mistake: dead-letter and page. */
  | { readonly kind: 'bug'; readonly answer: VendorAnswer };

/** What a look-up of one effect at its vendor says. */
export type LookUpOutcome =
  | { readonly kind: 'found'; readonly answer: VendorAnswer }
  | { readonly kind: 'absent'; readonly answer: VendorAnswer }
  /** The vendor did not say: as an outcome of any request. */
  | { readonly kind: 'cannot-tell'; readonly outcome: DeliveryOutcome };

/** What came back over HTTP, or why nothing did. Bodies are at most 64 KiB of text. */
export type VendorReply =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string; readonly headers: Readonly<Record<string, string>> }
  /** Nothing of the request can have been processed (connection refused, DNS, TLS). */
  | { readonly kind: 'not-sent'; readonly cause: string }
  /** It was (perhaps partly) written and no complete answer came. */
  | { readonly kind: 'no-answer'; readonly cause: 'timeout' | 'connection-lost' };

export interface VendorRequest {
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
