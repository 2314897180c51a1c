import { addressHash } from '@tributary/domain';
import { idOf, isJsonObject, textOf } from '../body-reader.js';
import { tokenAnywhere, tokenOfAddress } from './managed-address.js';

/** A webhook as the shop lists it, whoever made it. */
export interface ListedWebhook {
  readonly id: number;
  readonly name: string;
  readonly topic: string;
  /** `active`, `paused`, `disabled`. */
  readonly status: string;
  readonly deliveryUrl: string;
}

/** A webhook that we made, or were about to make, and that is not retired. */
export interface OwnWebhook {
  readonly number: number;
  readonly topic: string;
  /** SHA-256 hex of the token of its address. */
  readonly tokenHash: string;
  /** The shop's; null: nobody knows whether the shop made it. */
  readonly webhookId: number | null;
  /** A delivery to its address was signed with another secret. */
  readonly isDistrusted: boolean;
}

/** `moved`: ingest is reached elsewhere by now, and nobody did anything to it. */
export type WebhookFault = 'disabled' | 'paused' | 'missing' | 'edited' | 'secret-edited' | 'moved';

export interface BrokenWebhook {
  readonly topic: string;
  readonly fault: WebhookFault;
}

/** `pending`: our number of one whose creation never arrived, to be used again; null: a new one. */
export interface WebhookToCreate {
  readonly topic: string;
  readonly pending: number | null;
}

/** What brings a shop's webhooks in order. */
export interface WebhookPlan {
  readonly adopt: readonly { readonly number: number; readonly webhookId: number }[];
  readonly create: readonly WebhookToCreate[];
  /** The shop's ids, to be deleted there. */
  readonly remove: readonly number[];
  /** Our numbers: their addresses go on for a while. */
  readonly retire: readonly number[];
  /** What was in order once and is not any more: changes may have been missed. */
  readonly broken: readonly BrokenWebhook[];
}

export interface WebhookScene {
  readonly listed: readonly ListedWebhook[];
  readonly own: readonly OwnWebhook[];
  /** Of retired webhooks. */
  readonly retiredHashes: ReadonlySet<string>;
  /** Of the connection's own token, by which the merchant makes webhooks by hand: they are never touched. */
  readonly fileTokenHash: string;
  /** Where shops reach ingest. */
  readonly base: string;
  readonly topics: readonly string[];
  readonly nameOf: (topic: string) => string;
}

/** Rows of `/webhooks`; a row without an id is none. */
export const readListedWebhooks = (rows: readonly unknown[]): readonly ListedWebhook[] =>
  rows.filter(isJsonObject).flatMap((row) => {
    const id = Number(idOf(row['id']) ?? '0');
    if (id === 0) return [];
    return [
      {
        id,
        name: textOf(row['name']),
        topic: textOf(row['topic']),
        status: textOf(row['status']),
        deliveryUrl: textOf(row['delivery_url']),
      },
    ];
  });

const hashIn = (base: string, { deliveryUrl }: ListedWebhook): string | null => {
  const token = tokenOfAddress(base, deliveryUrl);
  return token === null ? null : addressHash(token);
};

function faultOf(own: OwnWebhook, listed: ListedWebhook, base: string): WebhookFault | null {
  if (listed.topic !== own.topic || addressHash(tokenAnywhere(listed.deliveryUrl) ?? '') !== own.tokenHash) return 'edited';
  if (hashIn(base, listed) === null) return 'moved';
  if (listed.status !== 'active') return listed.status === 'paused' ? 'paused' : 'disabled';
  return own.isDistrusted ? 'secret-edited' : null;
}

/** Its own webhook in the shop: by the shop's id, else (a creation that was never noted) by the token of its address. */
const findListed = ({ listed, base }: WebhookScene, { webhookId, tokenHash }: OwnWebhook): ListedWebhook | undefined =>
  listed.find((webhook) => (webhookId === null ? hashIn(base, webhook) === tokenHash : webhook.id === webhookId));

/** What the shop still has of ours that is none of `kept`: retired ones, copies, and ones of a database that was lost. */
function leftovers({ listed, retiredHashes, fileTokenHash, base, own, nameOf }: WebhookScene, kept: ReadonlySet<number>): number[] {
  const hashes = new Set([...retiredHashes, ...own.map(({ tokenHash }) => tokenHash)]);
  return listed
    .filter((webhook) => {
      const hash = hashIn(base, webhook);
      if (kept.has(webhook.id) || hash === null || hash === fileTokenHash) return false;
      return hashes.has(hash) || webhook.name === nameOf(webhook.topic);
    })
    .map(({ id }) => id);
}

/**
 * Compares the webhooks that a shop lists with those that we made: each topic has exactly one, active, with our address and secret.
 * One that is not so is made anew rather than repaired: WooCommerce keeps counting its failures where it stopped, and never shows the
 * secret (measured on 6.0–11.0.1). Two equal ones would both deliver, and nothing in the shop prevents them.
 */
export function planWebhooks(scene: WebhookScene): WebhookPlan {
  const adopt: { number: number; webhookId: number }[] = [];
  const create: WebhookToCreate[] = [];
  const retire: number[] = [];
  const broken: BrokenWebhook[] = [];
  const edited: number[] = [];
  const kept = new Set<number>();
  for (const topic of scene.topics) {
    const [newest, ...older] = scene.own.filter((own) => own.topic === topic).toSorted((a, b) => b.number - a.number);
    retire.push(...older.map(({ number }) => number));
    const listed = newest === undefined ? undefined : findListed(scene, newest);
    const fault = newest === undefined || listed === undefined ? null : faultOf(newest, listed, scene.base);
    if (newest !== undefined && listed !== undefined && fault === null) {
      kept.add(listed.id);
      if (newest.webhookId === null) adopt.push({ number: newest.number, webhookId: listed.id });
      continue;
    }
    const isPending = newest !== undefined && newest.webhookId === null && listed === undefined;
    create.push({ topic, pending: isPending ? newest.number : null });
    if (newest === undefined || isPending) continue;
    retire.push(newest.number);
    // It has our id but perhaps no longer our address.
    if (listed !== undefined) edited.push(listed.id);
    if (newest.webhookId !== null) broken.push({ topic, fault: fault ?? 'missing' });
  }
  retire.push(...scene.own.filter(({ topic }) => !scene.topics.includes(topic)).map(({ number }) => number));
  return { adopt, create, remove: [...new Set([...edited, ...leftovers(scene, kept)])], retire, broken };
}
