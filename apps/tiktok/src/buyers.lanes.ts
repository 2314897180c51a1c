import { VISIT_EVENTS_TOPIC, type SchemaBook } from '@tributary/codecs';
import {
  buyerFolds,
  StoredBackgrounds,
  visitProgress,
  type BuyerPorts,
  type FoldOf,
  type ShownVisit,
  type VisitBackgrounds,
} from '@tributary/delivery';
import { partitionOf, visitorKey, type ProfileEvent, type Sql, type VisitorEvent } from '@tributary/domain';
import { LogEnds, type KafkaClient } from '@tributary/kafka';
import type { AppLane, AppLanes } from '@tributary/stream';
import type { Vault } from '@tributary/vault';

export interface BuyersLanesPorts {
  readonly app: string;
  readonly sql: Sql;
  readonly kafka: KafkaClient;
  readonly book: SchemaBook;
  readonly vault: Vault;
  readonly learn: (framed: Buffer) => Promise<void>;
  readonly graceMs: number;
  /** Of the visits' topic, and so of the visitors'. */
  readonly visitPartitions: number;
}

/** Who bought: lanes `visitors` and `profiles` (what identity publishes) and `shown` (browsers' own Purchases), and what orders make of them. */
export class BuyersLanes {
  readonly lanes: {
    readonly visitors: AppLane<VisitorEvent>;
    readonly profiles: AppLane<ProfileEvent>;
    readonly shown: AppLane<ShownVisit>;
  };
  readonly ports: BuyerPorts & { readonly backgrounds: VisitBackgrounds };
  private readonly ends: LogEnds;

  constructor(appLanes: AppLanes, { app, sql, kafka, book, vault, learn, graceMs, visitPartitions }: BuyersLanesPorts) {
    this.ends = new LogEnds(kafka, VISIT_EVENTS_TOPIC);
    const folds = buyerFolds(book);
    const of = <Event>(fold: FoldOf<Event>): AppLane<Event> =>
      appLanes.lane<Event>({
        name: fold.projection,
        topic: fold.topic,
        decode: (value) => fold.decode(value),
        decodeTombstone: (key) => fold.decodeTombstone?.(key) ?? null,
        apply: (events, claim) => fold.apply(sql, events, claim),
      });
    this.lanes = { visitors: of(folds.visitors), profiles: of(folds.profiles), shown: of(folds.shown) };
    this.ports = {
      backgrounds: new StoredBackgrounds(sql, app, vault, book, learn),
      partitionOf: (tenantId, visitor) => partitionOf(visitorKey({ tenantId, visitor }), visitPartitions),
      endOffsets: () => this.ends.read(),
      progress: () => visitProgress(sql, app),
      graceMs,
    };
  }

  close(): Promise<void> {
    return this.ends.close();
  }
}
