import type { VendorAnswer } from '@tributary/domain';
import type { ImportResource, ShopFacts } from '@tributary/sources';
import type { ResubmittedItem } from '../rejected/resubmission.js';

/** The shop said this of itself: control puts it into the settings. */
export interface ShopReadCommand {
  readonly kind: 'shop-read';
  readonly payload: { readonly connectionId: string; readonly storeUrl: string; readonly facts: ShopFacts };
}

/** Ingest waits for keys that the shop at `storeUrl` hands over under a state, of which only the hash is kept. */
export interface ExpectKeysCommand {
  readonly kind: 'expect-keys';
  readonly payload: { readonly connectionId: string; readonly storeUrl: string; readonly stateHash: string };
}

/** The shop at `storeUrl` took these keys: control stores them. Sealed for the tenant under {@link KEYS_GRANTED_TOPIC}, in base64. */
export interface KeysGrantedCommand {
  readonly kind: 'keys-granted';
  readonly payload: { readonly connectionId: string; readonly storeUrl: string; readonly stateHash: string; readonly sealed: string };
}

/** Stands where a topic would in the associated data of sealed keys; the state's hash stands for the event. */
export const KEYS_GRANTED_TOPIC = 'control.commands';

/** A subject as an operator's decision names it. */
export interface DecidedSubject {
  readonly kind: string;
  readonly subjectId: string;
}

/** What one app asks of another, which alone writes its own tables. */
export type AppCommand =
  | ShopReadCommand
  | ExpectKeysCommand
  | KeysGrantedCommand
  | {
      readonly kind: 'retry';
      readonly payload: { readonly ledgerKey: string; readonly acceptDuplicate: boolean; readonly operator: string };
    }
  | { readonly kind: 'resume'; readonly payload: { readonly connectionId: string } }
  | {
      readonly kind: 'try-order';
      readonly payload: {
        readonly connectionId: string;
        readonly shop: string;
        readonly orderId: string;
        readonly testCode: string | null;
      };
    }
  | { readonly kind: 'resubmit'; readonly payload: { readonly eventIds: readonly string[] } }
  | {
      readonly kind: 'start-import';
      readonly payload: {
        readonly connectionId: string;
        readonly resources: readonly ImportResource[];
        readonly from: number;
        readonly to: number;
      };
    }
  | {
      readonly kind: 'block-identifier';
      readonly payload: { readonly isBlocked: boolean; readonly subject: DecidedSubject; readonly reason: string };
    }
  | {
      readonly kind: 'cut-edge';
      readonly payload: {
        readonly isCut: boolean;
        readonly one: DecidedSubject;
        readonly other: DecidedSubject;
        readonly reason: string;
      };
    }
  | { readonly kind: 'stop-import' | 'resume-import'; readonly payload: { readonly importId: number } };

/** What the app made of a command. */
export interface AppliedCommand {
  readonly outcome: 'done' | 'refused';
  readonly because?: string;
  readonly moved?: number;
  /** Of `try-order`. */
  readonly tried?: { readonly eventName: string; readonly outcome: string; readonly answer: VendorAnswer };
  /** Of an import's commands. */
  readonly importId?: number;
  /** Of `resubmit`. */
  readonly items?: readonly ResubmittedItem[];
}
