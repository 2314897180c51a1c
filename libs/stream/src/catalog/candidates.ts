import {
  asSubjectId,
  couponHash,
  customerCanon,
  judgeAbsence,
  judgeCatalog,
  judgeReport,
  productHash,
  resourceCanon,
  type CatalogEvent,
  type CatalogHead,
  type CatalogItem,
  type CatalogObservation,
  type CouponContent,
  type Envelope,
  type MerchantOwn,
  type ProductContent,
  type SeenState,
  type SubjectRef,
} from '@tributary/domain';
import { shopItemOf, type CatalogFact, type ShopItem } from '@tributary/sources';
import type { Subject } from '@tributary/vault';
import { customerRefs, resourceRefs } from '../append/catalog.sealer.js';
import type { UnsealedFact } from '../append/fact-sealer.js';
import type { ShopId } from '../shops/known-heads.store.js';

/** What becomes of something that was seen: nothing, another look, or a record. */
export type Ruling = 'same' | 'look-again' | News;

export interface News {
  readonly state: SeenState;
  /** As the head will keep it. */
  readonly content: CatalogHead['content'];
  readonly unsealed: (envelope: Envelope) => UnsealedFact;
}

/** Something that was seen, until its head is known. */
export interface Candidate {
  /** As keys name it. */
  readonly item: CatalogItem;
  readonly of: ShopItem;
  /** `receivedAt`: our clock, epoch ms. */
  readonly rule: (head: CatalogHead | undefined, receivedAt: number) => Ruling;
}

/** What a fact needs that is not in it. */
export interface FactSurroundings {
  readonly shop: ShopId & { readonly own: MerchantOwn };
  readonly weightUnit: string;
  /** Whom the fact names, in the order of {@link refsOfFact}. */
  readonly subjects: readonly Subject[];
  /** Keyed by whom the fact names. */
  readonly fingerprint: (text: string) => string;
}

/** Whom a fact names. */
export function refsOfFact(shop: ShopId, fact: CatalogFact): readonly SubjectRef[] {
  if (fact.kind === 'customer') return customerRefs(shop, fact);
  return fact.kind === 'resource' ? resourceRefs(shop, fact) : [];
}

const deletionOf = (status: string): string | null => (status === 'trash' ? 'trashed' : null);

interface Described {
  readonly item: CatalogItem;
  readonly said: Pick<SeenState, 'contentHash' | 'deletion'>;
  readonly content: CatalogHead['content'];
  readonly unsealed: (envelope: Envelope, state: SeenState) => UnsealedFact;
}

function describe(fact: CatalogFact, { shop, weightUnit, subjects, fingerprint }: FactSurroundings): Described {
  switch (fact.kind) {
    case 'product': {
      const content: ProductContent = { ...fact.content, weightUnit };
      return {
        item: { resource: 'product', resourceId: content.productId },
        said: { contentHash: productHash(content), deletion: deletionOf(content.status) },
        content,
        unsealed: (envelope, state) => ({ kind: 'catalog', event: { type: 'ProductObserved', ...envelope, ...state, ...content } }),
      };
    }
    case 'coupon': {
      const { content } = fact;
      return {
        item: { resource: 'coupon', resourceId: content.couponId },
        said: { contentHash: couponHash(content), deletion: deletionOf(content.status) },
        content,
        unsealed: (envelope, state) => ({ kind: 'catalog', event: { type: 'CouponObserved', ...envelope, ...state, ...content } }),
      };
    }
    case 'customer': {
      const [customer] = subjects;
      if (customer === undefined) throw new Error('a customer without a subject');
      const contentHash = fingerprint(customerCanon(fact.content, fact.personal));
      return {
        item: { resource: 'customer', resourceId: customer.subjectId },
        said: { contentHash, deletion: null },
        content: null,
        unsealed: (envelope) => ({ kind: 'customer', envelope, contentHash, fact, own: shop.own }),
      };
    }
    case 'resource': {
      const { resource, resourceId } = fact;
      const contentHash = fingerprint(resourceCanon(fact.body));
      return {
        item: { resource, resourceId },
        said: { contentHash, deletion: null },
        content: null,
        unsealed: (envelope) => ({ kind: 'resource', envelope, contentHash, fact }),
      };
    }
  }
}

/** Something that the shop showed. */
export function observed(fact: CatalogFact, surroundings: FactSurroundings): Candidate {
  const { item, said, content, unsealed } = describe(fact, surroundings);
  const state: SeenState = { asOf: fact.asOf, modifiedAt: fact.modifiedAt, ...said };
  return {
    item,
    of: shopItemOf(fact),
    rule: (head, receivedAt) => {
      const verdict = judgeCatalog(state, head, receivedAt);
      return verdict === 'publish' ? { state, content, unsealed: (envelope) => unsealed(envelope, state) } : verdict;
    },
  };
}

/** A deletion says all that was known of what names nobody, and nothing of anybody. */
function deletionEvent({ content, resource, resourceId }: CatalogHead, observation: CatalogObservation): CatalogEvent {
  if (resource === 'product') return { type: 'ProductObserved', ...(content as ProductContent), ...observation };
  if (resource === 'coupon') return { type: 'CouponObserved', ...(content as CouponContent), ...observation };
  const bare = { ...observation, createdAt: null, sealedUnder: null };
  if (resource !== 'customer')
    return { type: 'CustomResourceObserved', ...bare, resource, resourceId, compression: 'none', sealedBody: null };
  return {
    type: 'CustomerObserved',
    ...bare,
    customer: asSubjectId(resourceId),
    subjects: { email: null, phone: null },
    role: '',
    isPaying: false,
    country: '',
    personalFields: [],
    sealedPersonal: null,
  };
}

/** Of products and coupons the hash of what is still said; of what names somebody none. */
const hashAfter = ({ content, rank }: CatalogHead): string => (content === null ? '' : rank.contentHash);

const deleted = (head: CatalogHead, at: Pick<SeenState, 'asOf' | 'modifiedAt'>, deletion: string): News => {
  const state: SeenState = { ...at, contentHash: hashAfter(head), deletion };
  return {
    state,
    content: head.content,
    unsealed: (envelope) => ({ kind: 'catalog', event: deletionEvent(head, { ...envelope, ...state }) }),
  };
};

/** A read answered 404, as of a moment on the shop's clock: what was known is gone, what was not stays unknown. */
export const absent = (item: CatalogItem, of: ShopItem, asOf: number): Candidate => ({
  item,
  of,
  rule: (head) => {
    if (head === undefined) return 'same';
    const verdict = judgeAbsence(asOf, head);
    return verdict === 'publish' ? deleted(head, { asOf, modifiedAt: asOf }, 'absent') : verdict;
  },
});

/** A webhook said so, and nobody can look. The shop's clock is not told: as new as what is known, and after it by arrival. */
export const reported = (item: CatalogItem, of: ShopItem): Candidate => ({
  item,
  of,
  rule: (head) =>
    head === undefined || judgeReport(head) === 'same'
      ? 'same'
      : deleted(head, { asOf: head.rank.asOf, modifiedAt: head.rank.modifiedAt }, 'reported'),
});
