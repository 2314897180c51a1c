import { VISIT_EVENTS_TOPIC, type SchemaBook } from '@tributary/codecs';
import {
  buyerFolds,
  StoredBackgrounds,
  visitProgress,
  type BuyerFolds,
  type BuyerPorts,
  type FoldOf,
  type ShownVisit,
} from '@tributary/delivery';
import { partitionOf, visitorKey, type Claim, type Positioned, type ProfileEvent, type Sql, type VisitorEvent } from '@tributary/domain';
import { LogEnds, type KafkaClient } from '@tributary/kafka';
import { behind, type Projection, type ProjectionLane } from '@tributary/stream';
import type { Vault } from '@tributary/vault';

export interface BuyersLanesPorts {
  readonly sql: Sql;
  readonly kafka: KafkaClient;
  readonly book: SchemaBook;
  readonly vault: Vault;
  readonly learn: (framed: Buffer) => Promise<void>;
  readonly graceMs: number;
  /** Of the visits' topic, and so of the visitors'. */
  readonly visitPartitions: number;
  /** The app's way to make a projection of its schema, and a consumer for it. */
  readonly projection: <Event>(
    name: string,
    topic: string,
    decode: (value: Buffer) => Event,
    apply: (events: readonly Positioned<Event>[], claim: Claim) => Promise<boolean>,
    schema?: string,
    decodeTombstone?: (key: string) => Event | null,
  ) => Projection<Event>;
  readonly lane: <Event>(pattern: string, topic: string, projection: Projection<Event>) => ProjectionLane<Event>;
}

/** Who bought: lanes `visitors` and `profiles` (what identity publishes) and `shown` (browsers' own Purchases), and what orders make of them. */
export class BuyersLanes {
  readonly projections: {
    readonly visitors: Projection<VisitorEvent>;
    readonly profiles: Projection<ProfileEvent>;
    readonly shown: Projection<ShownVisit>;
  };
  readonly lanes: {
    readonly visitors: ProjectionLane<VisitorEvent>;
    readonly profiles: ProjectionLane<ProfileEvent>;
    readonly shown: ProjectionLane<ShownVisit>;
  };
  readonly ports: BuyerPorts;
  private readonly ends: LogEnds;
  private readonly folds: BuyerFolds;
  private readonly sql: Sql;

  constructor(
    private readonly app: string,
    { sql, kafka, book, vault, learn, graceMs, visitPartitions, projection, lane }: BuyersLanesPorts,
  ) {
    this.ends = new LogEnds(kafka, VISIT_EVENTS_TOPIC);
    const folds = buyerFolds(book);
    this.folds = folds;
    this.sql = sql;
    const of = <Event>(fold: FoldOf<Event>): Projection<Event> =>
      projection<Event>(
        fold.projection,
        fold.topic,
        (value) => fold.decode(value),
        (events, claim) => fold.apply(sql, events, claim),
        app,
        (key) => fold.decodeTombstone?.(key) ?? null,
      );
    this.projections = { visitors: of(folds.visitors), profiles: of(folds.profiles), shown: of(folds.shown) };
    this.lanes = {
      visitors: lane('visitors', folds.visitors.topic, this.projections.visitors),
      profiles: lane('profiles', folds.profiles.topic, this.projections.profiles),
      shown: lane('shown', folds.shown.topic, this.projections.shown),
    };
    this.ports = {
      backgrounds: new StoredBackgrounds(sql, app, vault, book, learn),
      partitionOf: (tenantId, visitor) => partitionOf(visitorKey({ tenantId, visitor }), visitPartitions),
      endOffsets: () => this.ends.read(),
      progress: () => visitProgress(sql, app),
      graceMs,
    };
  }

  /** What browsers have counted already must be known before the first order is decided; who is behind it, orders wait for one by one. */
  async barrierTarget(): Promise<() => Promise<readonly number[]>> {
    const { projection, topic } = this.folds.shown;
    const endOffsets = await this.lanes.shown.heldEndOffsets();
    return () => behind(this.sql, { schema: this.app, projection, topic, endOffsets });
  }

  close(): Promise<void> {
    return this.ends.close();
  }
}
