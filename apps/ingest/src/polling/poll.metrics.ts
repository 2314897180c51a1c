import type { Judgement, PollFailure, PollState, PollStep } from '@tributary/sources';
import type { ShopId } from '@tributary/stream';
import type { Metrics } from '@tributary/telemetry';

export interface PollMeters {
  readonly step: (shop: ShopId, step: PollStep, judgement: Judgement) => void;
  /** Items of a catalog that a shop showed, and how many records they became. */
  readonly catalog: (seen: number, published: number) => void;
  readonly turnEnded: (shop: ShopId, state: PollState) => void;
  readonly turnFailed: (shop: ShopId, failure: PollFailure) => void;
}

/** What polling did, as metrics. */
export function pollMeters(metrics: Metrics): PollMeters {
  const turns = metrics.counter('tributary_poll_turns_total', 'Turns of shops by how they ended: ok, or the kind of failure', ['outcome']);
  const rows = metrics.counter('tributary_poll_rows_total', 'Orders that shops showed to polls: whole, or a glimpse', ['detail']);
  const published = metrics.counter('tributary_poll_published_total', 'What polls put into the log', ['event']);
  const items = metrics.counter('tributary_poll_catalog_items_total', 'Products, coupons and customers that shops showed to polls');
  const rereads = metrics.counter('tributary_poll_rereads_total', 'Orders that polls asked to be read again');
  const lag = metrics.gauge('tributary_poll_lag_seconds', 'How far the watermark is behind the shop’s own clock', ['tenant', 'connection']);
  return {
    step: (_shop, step, judgement) => {
      rows.inc({ detail: 'whole' }, step.orders.length);
      rows.inc({ detail: 'glimpse' }, step.glimpses.length);
      published.inc({ event: 'observed' }, judgement.publish.length);
      published.inc({ event: 'vanished' }, judgement.vanished.length);
      rereads.inc(judgement.rereads.length);
    },
    catalog: (seen, records) => {
      items.inc(seen);
      published.inc({ event: 'catalog' }, records);
    },
    turnEnded: ({ tenantId, connectionId }, { shopClock, watermark }) => {
      turns.inc({ outcome: 'ok' });
      if (shopClock !== null && watermark !== null)
        lag.set({ tenant: tenantId, connection: connectionId }, (shopClock - watermark) / 1_000);
    },
    turnFailed: (_shop, { kind }) => turns.inc({ outcome: kind }),
  };
}
