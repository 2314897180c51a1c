import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import type { BatchControl, RecordBatch } from '@tributary/kafka';

/** What a lane's handler gets: one batch of one partition. */
export interface LaneBatch {
  readonly batch: RecordBatch;
  readonly control: BatchControl;
}

/** One consumer of its own, so that a flood on one lane never delays another. Its pattern names the handler. */
export interface Lane {
  readonly pattern: string;
  start(onBatch: (batch: RecordBatch, control: BatchControl) => Promise<{ readonly nextOffset: number }>): Promise<void>;
  stop(): Promise<void>;
}

/** Nest transport that hands whole Kafka batches to `@MessagePattern` handlers; per-message transports are ten times slower. */
export class BatchTransport extends Server implements CustomTransportStrategy {
  constructor(private readonly lanes: readonly Lane[]) {
    super();
  }

  async listen(callback: (error?: Error) => void): Promise<void> {
    try {
      for (const lane of this.lanes) await lane.start((batch, control) => this.dispatch(lane.pattern, { batch, control }));
      callback();
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.stop()));
  }

  override on(): void {
    throw new Error('a batch transport has no events');
  }

  override unwrap<T>(): T {
    return this.lanes as T;
  }

  private async dispatch(pattern: string, given: LaneBatch): Promise<{ readonly nextOffset: number }> {
    const handler = this.getHandlerByPattern(pattern);
    if (handler === null) throw new Error(`no handler for lane ${pattern}`);
    const answer: unknown = await handler(given);
    // An observable that nobody awaits swallows its failure, and the batch would count as done.
    return (isObservable(answer) ? await lastValueFrom(answer) : answer) as { readonly nextOffset: number };
  }
}
