import { CONFIG_EVENTS_TOPIC } from '@tributary/codecs';
import { partitionOf } from '@tributary/domain';
import type { LaneProducer } from '@tributary/kafka';
import type { ConfigOutboxRow, ControlStore } from '@tributary/postgres';
import { describeError, failpoint, type Log } from '@tributary/telemetry';

const LOOK_EVERY_MS = 2_000;
const ROWS_AT_ONCE = 200;

/**
 * Puts committed settings into the config topic, in the order of their changes, at least once. What a crash or a broker's absence
 * leaves behind goes with the next look.
 */
export class ConfigRelay {
  private running: Promise<void> | undefined;
  private isAsked = false;
  private isStopped = false;
  private looking: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: ControlStore,
    private readonly producer: LaneProducer,
    private readonly partitions: number,
    private readonly log: Log,
  ) {}

  start(): void {
    const look = async (): Promise<void> => {
      await this.flush();
      if (!this.isStopped) this.looking = setTimeout(() => void look(), LOOK_EVERY_MS);
    };
    void look();
  }

  /** Resolves when everything that was committed before the call is in the topic, or could not be brought there now; never rejects. */
  async flush(): Promise<void> {
    this.isAsked = true;
    this.running ??= this.run().finally(() => {
      this.running = undefined;
    });
    await this.running;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.looking);
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      while (this.isAsked) {
        this.isAsked = false;
        while ((await this.store.relay(ROWS_AT_ONCE, (rows) => this.publish(rows))) === ROWS_AT_ONCE);
      }
    } catch (error) {
      this.log.warn({ cause: describeError(error) }, 'settings wait in the outbox');
    }
  }

  private async publish(rows: readonly ConfigOutboxRow[]): Promise<void> {
    failpoint('config.before-publish');
    await this.producer.appendAll(
      rows.map(({ tenantId, connectionId, value }) => {
        const key = `${tenantId}:${connectionId}`;
        return { topic: CONFIG_EVENTS_TOPIC, key, partition: partitionOf(key, this.partitions), value, headers: {} };
      }),
    );
    failpoint('config.after-publish');
  }
}
