import { asTenantId, INSTALLATION, refusedRecordsAlert, type Alerts, type AlertToOpen } from '@tributary/domain';
import { RecordRefused, type LaneProducer, type OutgoingRecord } from '@tributary/kafka';
import { describeError, failpoint, type Log } from '@tributary/telemetry';
import { AlertSwitch } from './alert-switch.js';
import { LATE, withDeadline } from './deadline.js';
import type { Drained, SpoolStore } from './spool.store.js';

export interface DurableAppendOptions {
  /** No acknowledgement within this time: the records go to the spool. */
  readonly deadlineMs: number;
  readonly drainEveryMs: number;
  readonly drainRecords: number;
  /** A spooled record that the brokers refused is tried again after this long: somebody may have corrected the topic. */
  readonly refusedForMs: number;
}

/** Neither Kafka nor the spool took the records: say so to the caller, who must ask again. */
export class NotDurable extends Error {
  override readonly name = 'NotDurable';
}

const KAFKA_AWAY: AlertToOpen = {
  tenantId: INSTALLATION,
  connectionId: null,
  kind: 'kafka-away',
  what: 'Kafka does not acknowledge in time. Webhooks are kept in Postgres and answered 200; nothing is lost.',
  todo: 'Look after the brokers. The spool drains by itself when they are back.',
};

/** Makes records durable: in Kafka, or, while Kafka is away, in the spool. Resolves only then. */
export class DurableAppend {
  private isOpen = false;
  private isStopped = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly kafkaAway: AlertSwitch;

  constructor(
    private readonly producer: LaneProducer,
    private readonly spool: SpoolStore,
    private readonly alerts: Alerts,
    private readonly options: DurableAppendOptions,
    private readonly log: Log,
  ) {
    this.kafkaAway = new AlertSwitch(alerts, KAFKA_AWAY, log);
  }

  /** Begins to drain what an earlier outage left in the spool. */
  start(): void {
    // An earlier process may have ended while Kafka was away; this one has not seen it away.
    this.kafkaAway.set(this.isOpen);
    this.timer = setTimeout(() => void this.drainLoop(), this.options.drainEveryMs);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.kafkaAway.stop();
    await this.producer.close();
  }

  /** True while webhooks go to the spool. */
  get isKafkaAway(): boolean {
    return this.isOpen;
  }

  /** Throws {@link NotDurable}, or RecordRefused for a record that the broker will never take. */
  async append(records: readonly OutgoingRecord[]): Promise<void> {
    failpoint('ingest.before-append');
    if (!this.isOpen && (await this.toKafka(records))) {
      failpoint('ingest.after-append');
      return;
    }
    try {
      await this.spool.put(records);
    } catch (error) {
      throw new NotDurable('neither Kafka nor the spool is there', { cause: error });
    }
    failpoint('ingest.after-append');
  }

  private async toKafka(records: readonly OutgoingRecord[]): Promise<boolean> {
    const work = this.producer.appendAll(records);
    try {
      if ((await withDeadline(work, this.options.deadlineMs)) !== LATE) return true;
      // It may still arrive; then the log holds the record twice, which every fold ignores.
      work.catch((error: unknown) => this.log.debug({ cause: describeError(error) }, 'a late append failed; its records are in the spool'));
    } catch (error) {
      // The spool would only carry it to the same refusal.
      if (error instanceof RecordRefused) throw error;
      this.log.debug({ cause: describeError(error) }, 'append failed; its records go to the spool');
    }
    this.setOpen(true);
    return false;
  }

  private setOpen(isOpen: boolean): void {
    if (this.isOpen === isOpen) return;
    this.isOpen = isOpen;
    this.log.warn({ isOpen }, isOpen ? 'Kafka does not answer: webhooks go to the spool' : 'Kafka is back');
    this.kafkaAway.set(isOpen);
  }

  private async drainLoop(): Promise<void> {
    let delayMs = this.options.drainEveryMs;
    try {
      const drained = await this.drain();
      // Nothing left (or another process drains): Kafka may be tried again; the next append is the probe.
      if (drained !== null || this.isOpen) this.setOpen(false);
      if (drained?.records.length === this.options.drainRecords) delayMs = 0;
    } catch (error) {
      this.log.debug({ cause: describeError(error) }, 'the spool waits');
    }
    if (!this.isStopped) this.timer = setTimeout(() => void this.drainLoop(), delayMs);
  }

  private async drain(): Promise<Drained | null> {
    const { drainRecords, refusedForMs, deadlineMs } = this.options;
    const drained = await this.spool.drain(drainRecords, refusedForMs, async (records) => {
      const refused = await withDeadline(this.producer.appendTakeable(records), deadlineMs * 2);
      if (refused === LATE) throw new NotDurable('Kafka does not answer yet');
      return refused;
    });
    if (drained === null || drained.records.length === 0) return drained;
    this.log.info({ records: drained.records.length, refused: drained.refused.size }, 'spool drained');
    if (drained.records.some((record) => record.wasRefused || drained.refused.has(record))) await this.tellOfRefused(drained);
    return drained;
  }

  /** Says which tenants have records that the brokers refuse, and which of them have none any more. */
  private async tellOfRefused({ records }: Drained): Promise<void> {
    const left = await this.spool.refusedCounts();
    for (const { tenantId, topic, count } of left)
      await this.alerts.open(refusedRecordsAlert(asTenantId(tenantId), { topic, count, keptIn: 'the spool' }));
    const tenants = new Set(records.map(({ key }) => key.split(':', 1)[0] ?? ''));
    for (const tenantId of tenants)
      if (!left.some((one) => one.tenantId === tenantId)) await this.alerts.close(asTenantId(tenantId), null, 'record-refused');
  }
}
