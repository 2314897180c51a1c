import { randomUUID } from 'node:crypto';
import type { Alerts, Sql } from '@tributary/domain';
import { ShopClient } from '@tributary/http';
import { LeasedTurns } from '@tributary/postgres';
import {
  CatalogHeads,
  CatalogLookups,
  ImportsStore,
  KnownHeads,
  ManagedWebhooks,
  PollersStore,
  type CatalogPublisher,
  type FactAppender,
  type ImportQuota,
  type PollLease,
  type Sightings,
} from '@tributary/stream';
import type { Log, Metrics } from '@tributary/telemetry';
import type { Vault } from '@tributary/vault';
import { importMeters } from '../importing/import.metrics.js';
import { ImportPages } from '../importing/import.pipeline.js';
import { ShopCare } from '../shop-care/shop-care.js';
import { WebhookKeeper } from '../shop-care/webhook-keeper.js';
import { FreshHeads } from './fresh-heads.js';
import { OrderAppend } from './order-append.js';
import { pollMeters } from './poll.metrics.js';
import { PollTurns } from './poll.pipeline.js';

export interface PollerRolePorts {
  readonly sql: Sql;
  readonly vault: Vault;
  readonly appender: FactAppender;
  readonly catalog: CatalogPublisher;
  readonly alerts: Alerts;
  readonly metrics: Metrics;
  readonly sightings: Pick<Sightings, 'note'>;
  readonly log: Log;
}

export interface PollerRoleOptions {
  readonly shopsAtOnce: number;
  readonly allowPrivateHosts: boolean;
  readonly importQuota: ImportQuota;
  /** Where shops reach ingest; null: nobody said, and no webhooks are made. */
  readonly publicUrl: string | null;
}

/** A page of a hundred large orders. */
const MAX_BODY_BYTES = 24 * 1024 * 1024;
const REQUEST_TIMEOUT_MS = 45_000;
/** How long a process that was killed holds up its shops. Renewed four times in that time, however long a request takes. */
const LEASE_MS = 20_000;
const HEARTBEAT_MS = LEASE_MS / 4;
/** A turn looks at its clock between requests, and the longest piece of one is the care for a shop's webhooks. */
const LONGEST_TURN_MS = 15 * 60_000;
const LOOK_EVERY_MS = 1_000;

/** Role `poller`: reads the shops that have REST keys. */
export class PollerRole {
  private readonly client: ShopClient;
  private readonly poller: LeasedTurns<PollLease>;

  constructor(
    { sql, vault, appender, catalog, alerts, metrics, sightings, log }: PollerRolePorts,
    { shopsAtOnce, allowPrivateHosts, importQuota, publicUrl }: PollerRoleOptions,
  ) {
    const store = new PollersStore(sql, { owner: randomUUID(), leaseMs: LEASE_MS });
    this.client = new ShopClient({ allowPrivateHosts, timeoutMs: REQUEST_TIMEOUT_MS, maxBodyBytes: MAX_BODY_BYTES });
    const heads = new KnownHeads(sql);
    const orders = new OrderAppend({ heads, fresh: new FreshHeads(), appender, sightings, alerts });
    const turns = new PollTurns({
      store,
      heads,
      vault,
      client: this.client,
      orders,
      imports: new ImportPages({
        store: new ImportsStore(sql, { leaseMs: LEASE_MS, ...importQuota }),
        client: this.client,
        orders,
        alerts,
        meters: importMeters(metrics),
      }),
      care: new ShopCare({
        sql,
        vault,
        store,
        alerts,
        log,
        webhooks: new WebhookKeeper({ webhooks: new ManagedWebhooks(sql), vault, alerts, log, publicUrl }),
      }),
      alerts,
      meters: pollMeters(metrics),
      catalog: { heads: new CatalogHeads(sql), lookups: new CatalogLookups(sql), publisher: catalog, appender },
    });
    const rhythm = { lookEveryMs: LOOK_EVERY_MS, heartbeatMs: HEARTBEAT_MS, longestTurnMs: LONGEST_TURN_MS };
    this.poller = new LeasedTurns<PollLease>(sql, store, turns, { app: 'ingest', what: 'polling', atOnce: shopsAtOnce, ...rhythm }, log);
  }

  start(): void {
    this.poller.start();
  }

  /** Ends after the requests that are under way; what they brought is kept. */
  async stop(): Promise<void> {
    await this.poller.stop();
    await this.client.close();
  }
}
