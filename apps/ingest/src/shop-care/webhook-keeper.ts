import { randomBytes, randomInt } from 'node:crypto';
import { addressHash, readSecretValues, writeSecretValues, type Alerts } from '@tributary/domain';
import {
  listWebhooksQuery,
  makeWebhookQuery,
  managedTopics,
  planWebhooks,
  readMadeWebhook,
  readRemovedWebhook,
  readWebhooksPage,
  removeWebhookQuery,
  tokenOfAddress,
  webhookAddress,
  webhookName,
  whyUnreachable,
  woocommerceSecretsSchema,
  type BrokenWebhook,
  type ListedWebhook,
  type LookFailure,
  type MadeWebhook,
  type ShopQuery,
  type ShopReply,
  type WantedWebhooks,
  type WebhookPlan,
  type WebhookToCreate,
  type WebhooksReport,
  type WoocommerceSettings,
} from '@tributary/sources';
import { webhookVault, type ManagedWebhooks, type PollLease, type ShopWebhooks } from '@tributary/stream';
import type { Log } from '@tributary/telemetry';
import type { Vault } from '@tributary/vault';
import { brokenWebhooksAlert } from './webhook-alerts.js';

export interface WebhookKeeperPorts {
  readonly webhooks: ManagedWebhooks;
  readonly vault: Vault;
  readonly alerts: Alerts;
  readonly log: Log;
  /** Where shops reach ingest; null: nobody said. */
  readonly publicUrl: string | null;
}

/** A shop that this process holds the lease of. */
export interface ShopToKeep {
  readonly lease: PollLease;
  readonly ask: (query: ShopQuery) => Promise<ShopReply>;
  readonly now: () => number;
}

export interface KeptWebhooks {
  readonly report: WebhooksReport;
  /** Changes may have been missed: they are looked for at once. */
  readonly isGap: boolean;
}

interface Listing {
  readonly listed: readonly ListedWebhook[];
  readonly failure: LookFailure | null;
}

interface WebhookSecrets {
  readonly number: number;
  readonly token: string;
  readonly secret: string;
}

/** What carrying out a plan came to. */
interface Done {
  readonly made: readonly string[];
  readonly mayOnlyRead: boolean;
  readonly failure: LookFailure | null;
}

const MAX_PAGES = 20;
const RETIRED_FOR_MS = 7 * 24 * 3_600_000;
const TOKEN_BYTES = 24;
const SECRET_CHARS = 48;
const LETTERS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

const newSecret = (): string =>
  Array.from({ length: SECRET_CHARS }, () => LETTERS_AND_DIGITS.charAt(randomInt(LETTERS_AND_DIGITS.length))).join('');

const failureOf = ({ kind, detail }: LookFailure): LookFailure => ({ kind, detail });

/**
 * Keeps the webhooks of a shop in order: one per topic, active, with an address and a secret of its own. The address is known, and its
 * secret sealed, before the shop is told; a creation whose answer was lost is recognised by its address at the next look.
 */
export class WebhookKeeper {
  constructor(private readonly ports: WebhookKeeperPorts) {}

  /** What a shop's webhooks shall be by its settings and ours. */
  wantedBy({ webhooks }: WoocommerceSettings): WantedWebhooks {
    return { base: this.ports.publicUrl, topics: webhooks.manage ? managedTopics(webhooks.resources) : [] };
  }

  async keep(shop: ShopToKeep, before: WebhooksReport | null): Promise<KeptWebhooks> {
    const { lease, now } = shop;
    const { settings } = lease;
    const { base, topics } = this.wantedBy(settings);
    const unreachable = whyUnreachable(base, settings.storeUrl);
    const unmanaged = settings.webhooks.manage ? unreachable : 'off';
    const report: WebhooksReport = {
      base,
      topics,
      checkedAt: now(),
      unmanaged,
      failure: null,
      active: [],
      byHand: before?.byHand ?? [],
      brokenAt: before?.brokenAt ?? null,
      // A report that begins anew does not know; closing what is not open costs nothing.
      isAlerted: before?.isAlerted ?? true,
    };
    if (base === null || unreachable !== null) return { report, isGap: false };
    const { listed, failure } = await this.list(shop);
    if (failure !== null) return { report: { ...report, failure, active: before?.active ?? [] }, isGap: false };
    return this.bringInOrder(shop, base, listed, report);
  }

  private async list({ ask }: ShopToKeep): Promise<Listing> {
    const listed: ListedWebhook[] = [];
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      const reading = readWebhooksPage(await ask(listWebhooksQuery(page)), page);
      if (reading.kind === 'failed') return { listed, failure: failureOf(reading.failure) };
      listed.push(...reading.value.webhooks);
      if (reading.value.isLast) break;
    }
    return { listed, failure: null };
  }

  private async bringInOrder(
    shop: ShopToKeep,
    base: string,
    listed: readonly ListedWebhook[],
    before: WebhooksReport,
  ): Promise<KeptWebhooks> {
    const { lease, now } = shop;
    const { webhooks } = this.ports;
    const { topics } = before;
    const fileTokenHash = await this.fileTokenHash(lease);
    const known = await webhooks.of(lease);
    const plan = this.plan(lease, base, listed, known, topics, fileTokenHash);
    const done = await this.carryOut(shop, base, plan);
    const isGap = plan.broken.length > 0;
    const isInOrder = plan.create.length === 0 && plan.remove.length === 0 && done.failure === null;
    const report: WebhooksReport = {
      ...before,
      unmanaged: done.mayOnlyRead ? 'read-only' : before.unmanaged,
      failure: done.failure,
      active: topics.filter((topic) => !plan.create.some((one) => one.topic === topic) || done.made.includes(topic)),
      byHand: byHand(listed, base, fileTokenHash),
      brokenAt: isGap ? now() : before.brokenAt,
      isAlerted: await this.tell(lease, plan.broken, done, isInOrder, before.isAlerted),
    };
    if (done.mayOnlyRead && before.unmanaged === null)
      this.ports.log.info(
        { tenantId: lease.tenantId, connectionId: lease.connectionId },
        'the shop’s keys may only read: it is polled, and webhooks are made by hand or not at all',
      );
    return { report, isGap };
  }

  private plan(
    { tenantId, connectionId }: PollLease,
    base: string,
    listed: readonly ListedWebhook[],
    { own, retiredHashes }: ShopWebhooks,
    topics: readonly string[],
    fileTokenHash: string,
  ): WebhookPlan {
    const nameOf = (topic: string): string => webhookName(tenantId, connectionId, topic);
    return planWebhooks({ listed, own, retiredHashes, fileTokenHash, base, topics, nameOf });
  }

  /** New ones first: what happens in the shop meanwhile is told twice rather than not at all. */
  private async carryOut(shop: ShopToKeep, base: string, plan: WebhookPlan): Promise<Done> {
    const { webhooks } = this.ports;
    for (const { number, webhookId } of plan.adopt) await webhooks.created(number, webhookId);
    if (plan.retire.length > 0) await webhooks.retire(plan.retire);
    const made: string[] = [];
    let failure: LookFailure | null = null;
    for (const wanted of plan.create) {
      const result = await this.make(shop, base, wanted);
      if (result.kind === 'may-only-read') return { made, mayOnlyRead: true, failure };
      if (result.kind === 'failed') {
        failure = failureOf(result.failure);
        break;
      }
      made.push(wanted.topic);
    }
    for (const id of plan.remove) {
      const removal = readRemovedWebhook(await shop.ask(removeWebhookQuery(id)));
      if (removal !== null) failure ??= failureOf(removal);
    }
    await webhooks.forget(shop.lease, RETIRED_FOR_MS);
    return { made, mayOnlyRead: false, failure };
  }

  /** One that is not made stays pending: whether it was, the next look tells, and it is tried again under the same address. */
  private async make({ lease, ask }: ShopToKeep, base: string, { topic, pending }: WebhookToCreate): Promise<MadeWebhook> {
    const { tenantId, connectionId } = lease;
    const { number, token, secret } = (await this.pendingAddress(lease, pending)) ?? (await this.newAddress(lease, topic));
    const name = webhookName(tenantId, connectionId, topic);
    const made = readMadeWebhook(await ask(makeWebhookQuery({ name, topic, deliveryUrl: webhookAddress(base, token), secret })));
    if (made.kind === 'made') await this.ports.webhooks.created(number, made.webhookId);
    return made;
  }

  private async newAddress(lease: PollLease, topic: string): Promise<WebhookSecrets> {
    const { webhooks, vault } = this.ports;
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const secret = newSecret();
    const number = await webhooks.add(lease, topic, addressHash(token));
    await vault.putSecrets(lease.tenantId, webhookVault(lease.connectionId), number, writeSecretValues({ token, secret }));
    return { number, token, secret };
  }

  /** Undefined when there is none, or this process died before its secrets were in the vault. */
  private async pendingAddress({ tenantId, connectionId }: PollLease, number: number | null): Promise<WebhookSecrets | undefined> {
    if (number === null) return undefined;
    const values = readSecretValues(await this.ports.vault.getSecrets(tenantId, webhookVault(connectionId), number));
    const { token, secret } = values;
    return typeof token === 'string' && typeof secret === 'string' ? { number, token, secret } : undefined;
  }

  private async fileTokenHash({ tenantId, connectionId, secretsVersion }: PollLease): Promise<string> {
    const values = await this.ports.vault.getSecrets(tenantId, connectionId, secretsVersion);
    return addressHash(woocommerceSecretsSchema.parse(readSecretValues(values)).webhookToken);
  }

  /** Opened when some are broken, closed by the first look that finds all in order; answers whether it is open. */
  private async tell(
    { tenantId, connectionId }: PollLease,
    broken: readonly BrokenWebhook[],
    done: Done,
    isInOrder: boolean,
    isAlerted: boolean,
  ): Promise<boolean> {
    const alert = brokenWebhooksAlert({ tenantId, connectionId }, broken, done);
    if (alert !== null) {
      await this.ports.alerts.open(alert);
      return true;
    }
    if (!isInOrder || !isAlerted) return isAlerted;
    await this.ports.alerts.close(tenantId, connectionId, 'shop-webhooks-broken');
    return false;
  }
}

const byHand = (listed: readonly ListedWebhook[], base: string, fileTokenHash: string): readonly string[] =>
  listed
    .filter(({ deliveryUrl, status }) => status === 'active' && addressHash(tokenOfAddress(base, deliveryUrl) ?? '') === fileTokenHash)
    .map(({ topic }) => topic);
