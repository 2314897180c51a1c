import type { AlertKind, Alerts, Sql, TenantId } from '@tributary/domain';
import { LeaseLost } from '@tributary/postgres';
import {
  areFactsEqual,
  areWebhooksDue,
  isAskingDue,
  resumeReport,
  shopQuestions,
  staffAfter,
  takeShopReplies,
  type ShopAccess,
  type ShopFacts,
  type ShopQuery,
  type ShopReplies,
  type ShopReply,
  type ShopReport,
  type ShopRequest,
  type StaffReading,
} from '@tributary/sources';
import { askApp, type PollersStore, type PollLease } from '@tributary/stream';
import { describeError, type Log } from '@tributary/telemetry';
import type { Vault } from '@tributary/vault';
import type { WebhookKeeper } from './webhook-keeper.js';

export interface ShopCarePorts {
  readonly sql: Sql;
  readonly store: Pick<PollersStore, 'keepReport'>;
  readonly vault: Pick<Vault, 'subjectsFor'>;
  readonly webhooks: WebhookKeeper;
  readonly alerts: Pick<Alerts, 'close'>;
  readonly log: Log;
}

/** Opened by what arrives, and over when it does not arrive any more. */
const PASSING_ALERTS: readonly AlertKind[] = ['shop-copy', 'bad-signature'];
const QUIET_FOR_MS = 86_400_000;

/** A shop that this process holds the lease of, and how to ask it. */
export interface ShopAtHand {
  readonly lease: PollLease;
  readonly access: ShopAccess;
  readonly ask: (query: ShopQuery) => Promise<ShopReply>;
  /** Asks without keys. */
  readonly get: (request: ShopRequest) => Promise<ShopReply>;
  /** Postgres' clock, carried on by ours. */
  readonly now: () => number;
}

export interface Attended {
  /** Changes of orders are to be looked for at once. */
  readonly isGap: boolean;
  /** What the shop says of itself, when it was asked just now. */
  readonly facts: ShopFacts | null;
}

const NOTHING: Attended = { isGap: false, facts: null };

/**
 * What a connection needs besides its orders, at the begin of a turn and each at its own interval: what the shop says about itself goes
 * to control, its webhooks are kept in order, what `tributary check` shows is kept as a report. Nothing that fails here keeps orders from being read.
 */
export class ShopCare {
  constructor(private readonly ports: ShopCarePorts) {}

  async attend(shop: ShopAtHand): Promise<Attended> {
    const { tenantId, connectionId } = shop.lease;
    try {
      return await this.look(shop);
    } catch (error) {
      if (error instanceof LeaseLost) throw error;
      this.ports.log.warn(
        { tenantId, connectionId, cause: describeError(error) },
        'the shop could not be looked after; its orders are read',
      );
      return NOTHING;
    }
  }

  private async look(shop: ShopAtHand): Promise<Attended> {
    const { lease, now } = shop;
    const { storeUrl } = lease.settings;
    let report = resumeReport(lease.report, { storeUrl, secretsVersion: lease.secretsVersion });
    let facts: ShopFacts | null = null;
    if (isAskingDue(report, now())) ({ report, facts } = await this.askAboutItself(shop, report));
    if (!areWebhooksDue(report, this.ports.webhooks.wantedBy(lease.settings), now())) return { isGap: false, facts };
    const kept = await this.ports.webhooks.keep(shop, report.webhooks);
    for (const kind of PASSING_ALERTS) await this.ports.alerts.close(lease.tenantId, lease.connectionId, kind, QUIET_FOR_MS);
    await this.ports.store.keepReport(lease, { ...report, webhooks: kept.report });
    return { isGap: kept.isGap, facts };
  }

  private async askAboutItself(
    shop: ShopAtHand,
    before: ShopReport,
  ): Promise<{ readonly report: ShopReport; readonly facts: ShopFacts | null }> {
    const { lease, now } = shop;
    const { settings, tenantId, defaultCountry } = lease;
    const { report, said } = takeShopReplies(before, await this.repliesOf(shop), now(), { country: settings.country, defaultCountry });
    const known = settings.fromShop?.staff ?? [];
    const facts = said === null ? null : { ...said.facts, staff: await this.staffOf(tenantId, said.staff, known) };
    if (facts !== null && !areFactsEqual(settings.fromShop, facts)) await this.tellControl(lease, facts);
    await this.ports.store.keepReport(lease, report);
    return { report, facts };
  }

  /** Whoever runs the shop, by subject: neither a value nor a hash of one leaves this process. */
  private async staffOf(tenantId: TenantId, { contacts, isWhole }: StaffReading, known: readonly string[]): Promise<string[]> {
    const subjects = await this.ports.vault.subjectsFor(contacts.map((contact) => ({ tenantId, ...contact })));
    return staffAfter(
      known,
      subjects.map(({ subjectId }) => subjectId),
      isWhole,
    );
  }

  /** A shop that does not answer is asked nothing more in this turn. */
  private async repliesOf({ access, ask, get }: ShopAtHand): Promise<ShopReplies> {
    const replies: Partial<Record<keyof ShopReplies, ShopReply>> = {};
    for (const question of shopQuestions(access)) {
      const reply = question.of === 'index' ? await get(question.request) : await ask(question.query);
      replies[question.of] = reply;
      if (reply.kind === 'not-answered') break;
    }
    return replies;
  }

  private async tellControl({ tenantId, connectionId, settings: { storeUrl } }: PollLease, facts: ShopFacts): Promise<void> {
    await askApp(this.ports.sql, 'control', tenantId, { kind: 'shop-read', payload: { connectionId, storeUrl, facts } });
  }
}
