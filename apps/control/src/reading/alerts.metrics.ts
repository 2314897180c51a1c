import { ALERT_KINDS, type Sql } from '@tributary/domain';
import { countOpenAlerts } from '@tributary/stream';
import { describeError, type Log, type Metrics } from '@tributary/telemetry';

const COUNT_EVERY_MS = 15_000;

/** Keeps the gauge `tributary_alerts_open{kind}`; answers how to stop. While the database is away it keeps its last numbers. */
export function countAlerts(sql: Sql, metrics: Metrics, log: Log): () => void {
  const gauge = metrics.gauge('tributary_alerts_open', 'Open alerts by kind', ['kind']);
  const count = async (): Promise<void> => {
    const counts = await countOpenAlerts(sql);
    for (const kind of ALERT_KINDS) gauge.set({ kind }, counts.get(kind) ?? 0);
  };
  const countOrTell = (): void =>
    void count().catch((error: unknown) => log.warn({ cause: describeError(error) }, 'open alerts could not be counted'));
  countOrTell();
  const timer = setInterval(countOrTell, COUNT_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
