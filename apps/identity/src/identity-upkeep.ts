import { INSTALLATION, type Alerts, type Sql } from '@tributary/domain';
import { forgetIdleVisitors, relayBacklog } from '@tributary/stream';
import { describeError, type Log, type Metrics } from '@tributary/telemetry';

export interface UpkeepPorts {
  readonly sql: Sql;
  readonly alerts: Alerts;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly visitorIdleMs: number;
}

const EVERY_MS = 5_000;
const STUCK_AFTER_MS = 60_000;
/** So few at a time that the relay is not kept from what is new. */
const FORGOTTEN_AT_ONCE = 200;

/** Cleans away visitors that nobody has seen for long, counts what waits to be published, and calls a person when it waits too long. */
export class IdentityUpkeep {
  private readonly keys;
  private readonly lag;
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(private readonly ports: UpkeepPorts) {
    this.keys = ports.metrics.gauge('tributary_identity_outbox_keys', 'Profiles and visitors that wait to be published');
    this.lag = ports.metrics.gauge('tributary_identity_outbox_lag_seconds', 'Since when the oldest of them waits');
  }

  start(): void {
    this.working = this.work();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.working;
  }

  private async work(): Promise<void> {
    try {
      await this.look();
      await forgetIdleVisitors(this.ports.sql, this.ports.visitorIdleMs, FORGOTTEN_AT_ONCE);
    } catch (error) {
      this.ports.log.warn({ cause: describeError(error) }, 'upkeep waits');
    }
    if (!this.isStopped) this.timer = setTimeout(() => this.start(), EVERY_MS);
  }

  private async look(): Promise<void> {
    const { sql, alerts } = this.ports;
    const { keys, lagMs } = await relayBacklog(sql);
    this.keys.set(keys);
    this.lag.set(lagMs / 1_000);
    if (lagMs <= STUCK_AFTER_MS) return alerts.close(INSTALLATION, null, 'relay-stuck');
    await alerts.open({
      tenantId: INSTALLATION,
      connectionId: null,
      kind: 'relay-stuck',
      what: `${keys} profile(s) and visitor(s) have waited for ${Math.round(lagMs / 1_000)} s to be published. Orders go on after their grace, with less to match by.`,
      todo: 'Look whether Kafka acknowledges, and into the log of the app identity. What waits is published by itself; nothing is lost.',
    });
  }
}
