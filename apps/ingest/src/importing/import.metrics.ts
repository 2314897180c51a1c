import type { Judgement } from '@tributary/sources';
import type { Metrics } from '@tributary/telemetry';

export interface ImportMeters {
  readonly page: (rows: number, judgement: Judgement, unreadable: number) => void;
  readonly failed: (kind: string) => void;
}

/** What imports did, as metrics. */
export function importMeters(metrics: Metrics): ImportMeters {
  const orders = metrics.counter('tributary_import_orders_total', 'Orders that imports read, by what became of them', ['outcome']);
  const pages = metrics.counter('tributary_import_pages_total', 'Pages of imports by how they ended: ok, or the kind of failure', [
    'outcome',
  ]);
  return {
    page: (rows, { publish }, unreadable) => {
      pages.inc({ outcome: 'ok' });
      orders.inc({ outcome: 'published' }, publish.length);
      orders.inc({ outcome: 'unreadable' }, unreadable);
      orders.inc({ outcome: 'known' }, Math.max(0, rows - publish.length - unreadable));
    },
    failed: (kind) => pages.inc({ outcome: kind }),
  };
}
