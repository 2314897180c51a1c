import {
  decodeProfileEvent,
  decodeVisitEvent,
  decodeVisitorEvent,
  isVisitOf,
  PROFILES_TOPIC,
  VISIT_EVENTS_TOPIC,
  VISITORS_TOPIC,
  type SchemaBook,
} from '@tributary/codecs';
import {
  forgottenVisitor,
  type Claim,
  type Positioned,
  type ProfileEvent,
  type PurchaseShown,
  type Sql,
  type VisitorEvent,
} from '@tributary/domain';
import type { RowVersion } from '@tributary/postgres';
import { applyProfiles } from './profiles.store.js';
import { applyPurchasesShown } from './purchases-shown.store.js';
import { applyVisitors } from './visitors.store.js';

/** How one topic becomes tables of the schema that the claim names; the same for the live lane and a rebuild. */
export interface FoldOf<Event> {
  readonly projection: string;
  readonly topic: string;
  decode(value: Buffer): Event;
  decodeTombstone?(key: string): Event | null;
  apply(sql: Sql, events: readonly Positioned<Event>[], claim: Claim): Promise<boolean>;
}

/** A visit that is no PurchaseShown is passed over without being read. */
export type ShownVisit = PurchaseShown | null;

export interface BuyerFolds {
  readonly visitors: FoldOf<VisitorEvent>;
  readonly profiles: FoldOf<ProfileEvent>;
  readonly shown: FoldOf<ShownVisit>;
}

/** The tables of {@link buyerFolds}, as a rebuild compares them. */
export const BUYER_TABLES: Readonly<Record<string, RowVersion>> = {
  visitors: { key: ['tenant_id', 'visitor'], version: ['version'] },
  profiles: { key: ['tenant_id', 'profile_id'], version: ['version'] },
  purchases_shown: { key: ['tenant_id', 'connection_id', 'order_id', 'pixel_code', 'event_name'], version: ['shown_at'] },
};

/** What an app folds to know the buyers of its orders. */
export const buyerFolds = (book: SchemaBook): BuyerFolds => ({
  visitors: {
    projection: 'visitors',
    topic: VISITORS_TOPIC,
    decode: (value) => decodeVisitorEvent(book, value),
    decodeTombstone: forgottenVisitor,
    apply: applyVisitors,
  },
  profiles: {
    projection: 'profiles',
    topic: PROFILES_TOPIC,
    decode: (value) => decodeProfileEvent(book, value),
    apply: applyProfiles,
  },
  shown: {
    projection: 'shown',
    topic: VISIT_EVENTS_TOPIC,
    decode: (value) => (isVisitOf(book, 'PurchaseShown', value) ? (decodeVisitEvent(book, value) as PurchaseShown) : null),
    apply: (sql, events, claim) =>
      applyPurchasesShown(
        sql,
        events.flatMap(({ event, record }) => (event === null ? [] : [{ event, record }])),
        claim,
      ),
  },
});
