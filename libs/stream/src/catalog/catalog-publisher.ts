import { v7 as uuidv7 } from 'uuid';
import { catalogKey, type CatalogItem, type MerchantOwn } from '@tributary/domain';
import type { CatalogFact, ShopItem, WoocommerceSettings } from '@tributary/sources';
import type { Vault } from '@tributary/vault';
import { sealingSubject } from '../append/catalog.sealer.js';
import type { FactAppender } from '../append/fact-appender.js';
import type { ShopId } from '../shops/known-heads.store.js';
import { absent, observed, refsOfFact, reported, type Candidate, type News } from './candidates.js';
import type { CatalogHeads } from './catalog-heads.store.js';
import { RecentHeads } from './recent-heads.js';

/** Where, how and when something was seen. */
export interface CatalogSighting {
  readonly shop: ShopId & { readonly own: MerchantOwn; readonly settings: Pick<WoocommerceSettings, 'weightUnit'> };
  /** `webhook`, `rest`. */
  readonly source: string;
  /** Our clock, epoch ms. */
  readonly receivedAt: number;
}

/** An item that the shop does not have, as of a moment on its own clock. */
export interface AbsentItem extends ShopItem {
  readonly asOf: number;
}

/** What became of what was seen. */
export interface CatalogOutcome {
  readonly published: number;
  /** Behind what is known, and different: only a new read can tell. */
  readonly lookAgain: readonly ShopItem[];
}

/**
 * Publishes what shops say of their catalogs, and nothing twice: what equals its head is passed over, what is behind it is to be read
 * again. Webhooks and polls go through here alike. Everything resolves when all that is news is durable, and throws RecordRefused for
 * a record that is too large for the log.
 */
export class CatalogPublisher {
  private readonly recent = new RecentHeads();

  constructor(
    private readonly heads: CatalogHeads,
    private readonly vault: Vault,
    private readonly appender: FactAppender,
  ) {}

  async observe(sighting: CatalogSighting, facts: readonly CatalogFact[]): Promise<CatalogOutcome> {
    return this.publish(sighting, await this.candidates(sighting.shop, facts));
  }

  /** Reads answered 404. */
  async absent(sighting: CatalogSighting, items: readonly AbsentItem[]): Promise<CatalogOutcome> {
    const keyed = await this.itemsOf(sighting.shop, items);
    return this.publish(
      sighting,
      keyed.map(({ item, of }) => absent(item, of, of.asOf)),
    );
  }

  /** A webhook said that an item was deleted, and nobody can look. */
  async reported(sighting: CatalogSighting, shopItem: ShopItem): Promise<CatalogOutcome> {
    const keyed = await this.itemsOf(sighting.shop, [shopItem]);
    return this.publish(
      sighting,
      keyed.map(({ item, of }) => reported(item, of)),
    );
  }

  private async publish(sighting: CatalogSighting, candidates: readonly Candidate[]): Promise<CatalogOutcome> {
    const { shop, receivedAt } = sighting;
    const items = candidates.map(({ item }) => item);
    const keys = items.map((item) => catalogKey({ ...shop, ...item }));
    const heads = this.recent.over(await this.heads.find(shop, items), keys);
    const lookAgain: ShopItem[] = [];
    const appended: Promise<void>[] = [];
    for (const [index, { item, of, rule }] of candidates.entries()) {
      const head = heads.get(keys[index] ?? '');
      const ruling = rule(head, receivedAt);
      if (ruling === 'look-again') lookAgain.push(of);
      // The clock of another process may be ahead of ours; what is published later must rank later.
      else if (ruling !== 'same')
        appended.push(this.append(sighting, item, ruling, Math.max(receivedAt, (head?.rank.observedAt ?? 0) + 1)));
    }
    await Promise.all(appended);
    return { published: appended.length, lookAgain };
  }

  private async append(
    { shop, source }: CatalogSighting,
    item: CatalogItem,
    { state, content, unsealed }: News,
    receivedAt: number,
  ): Promise<void> {
    const { tenantId, connectionId } = shop;
    const { asOf, modifiedAt, contentHash, deletion } = state;
    await this.appender.append(unsealed({ eventId: uuidv7(), tenantId, connectionId, occurredAt: modifiedAt, receivedAt, source }));
    const rank = { asOf, modifiedAt, observedAt: receivedAt, contentHash };
    this.recent.note({ tenantId, connectionId, ...item, rank, deletion, isTail: true, content });
  }

  /** As keys name them: a customer by the subject that stands for it. */
  private async itemsOf<Item extends ShopItem>(
    { tenantId, connectionId }: ShopId,
    items: readonly Item[],
  ): Promise<readonly { readonly item: CatalogItem; readonly of: Item }[]> {
    const customers = items.filter(({ resource }) => resource === 'customer');
    const subjects = await this.vault.subjectsFor(
      customers.map(({ id }) => ({ tenantId, kind: 'customer', normalised: `${connectionId}:${id}` })),
    );
    const subjectIds = new Map(customers.map(({ id }, index) => [id, subjects[index]?.subjectId]));
    return items.map((of) => {
      const resourceId = of.resource === 'customer' ? subjectIds.get(of.id) : of.id;
      if (resourceId === undefined) throw new Error('a customer without a subject');
      return { of, item: { resource: of.resource, resourceId } };
    });
  }

  private async candidates(shop: CatalogSighting['shop'], facts: readonly CatalogFact[]): Promise<readonly Candidate[]> {
    const hasProducts = facts.some(({ kind }) => kind === 'product');
    const weightUnit = hasProducts ? (shop.settings.weightUnit ?? (await this.heads.weightUnitOf(shop))) : '';
    const refs = facts.map((fact) => refsOfFact(shop, fact));
    const people = await this.vault.subjectsFor(refs.flat());
    let next = 0;
    return facts.map((fact, index) => {
      const own = refs[index] ?? [];
      const subjects = people.slice(next, next + own.length);
      next += own.length;
      const fingerprint = (text: string): string => this.vault.fingerprint(sealingSubject(own, subjects), text);
      return observed(fact, { shop, weightUnit, subjects, fingerprint });
    });
  }
}
