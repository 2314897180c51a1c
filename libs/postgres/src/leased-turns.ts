import type { Sql } from '@tributary/domain';
import { describeError, type Log } from '@tributary/telemetry';
import { LeaseLost, type ConnectionLease, type TurnEnd } from './connection-leases.adapter.js';
import { settingsPosition } from './connections.adapter.js';

export interface LeasedTurnsOptions {
  /** Whose settings are followed. */
  readonly app: string;
  /** What the turns are about, as the log calls it: `polling`. */
  readonly what: string;
  /** Connections that this process works on at once. */
  readonly atOnce: number;
  readonly lookEveryMs: number;
  /** How often the leases of turns that are under way are renewed. */
  readonly heartbeatMs: number;
  /** A turn that takes longer hangs: its lease is not renewed any more, and another process takes the connection. */
  readonly longestTurnMs: number;
}

export interface TurnStore<Lease extends ConnectionLease> {
  follow(): Promise<void>;
  claim(limit: number): Promise<readonly Lease[]>;
  renew(leases: readonly Lease[]): Promise<void>;
  release(lease: Lease, end: TurnEnd): Promise<void>;
}

/** A turn that ended in something that is not the other side's doing comes again after this. */
const AFTER_OUR_FAULT_MS = 60_000;

/** Leases connections that are due and gives each its turn, several at once; whatever happens to one is nothing to the others. */
export class LeasedTurns<Lease extends ConnectionLease & { readonly failures: number }> {
  private readonly turns = new Map<Lease, { readonly began: number; readonly ended: Promise<void> }>();
  private position = -1;
  private timer: NodeJS.Timeout | undefined;
  private isStopping = false;
  private looking: Promise<void> = Promise.resolve();
  private heart: NodeJS.Timeout | undefined;
  private beating: Promise<void> = Promise.resolve();

  constructor(
    private readonly sql: Sql,
    private readonly store: TurnStore<Lease>,
    private readonly turn: { run(lease: Lease, isStopping: () => boolean): Promise<void> },
    private readonly options: LeasedTurnsOptions,
    private readonly log: Log,
  ) {}

  start(): void {
    this.lookAgain();
    this.heart = setInterval(() => {
      this.beating = this.beating.then(() => this.beat());
    }, this.options.heartbeatMs);
  }

  /** Ends after the requests that are under way. */
  async stop(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    await this.looking;
    await Promise.all([...this.turns.values()].map(({ ended }) => ended));
    clearInterval(this.heart);
    await this.beating;
  }

  private async look(): Promise<void> {
    try {
      const position = await settingsPosition(this.sql, this.options.app);
      if (position !== this.position) await this.store.follow();
      this.position = position;
      const free = this.options.atOnce - this.turns.size;
      for (const lease of free > 0 ? await this.store.claim(free) : []) this.begin(lease);
    } catch (error) {
      this.log.warn({ cause: describeError(error) }, `nothing could be leased for ${this.options.what}`);
    }
    if (!this.isStopping) this.timer = setTimeout(() => this.lookAgain(), this.options.lookEveryMs);
  }

  private lookAgain(): void {
    this.looking = this.look();
  }

  private async beat(): Promise<void> {
    const since = performance.now() - this.options.longestTurnMs;
    const held = [...this.turns].filter(([, { began }]) => began > since).map(([lease]) => lease);
    if (held.length === 0) return;
    await this.store.renew(held).catch((error: unknown) => {
      this.log.warn({ cause: describeError(error) }, `leases of ${this.options.what} could not be renewed`);
    });
  }

  private begin(lease: Lease): void {
    const ended = this.turn
      .run(lease, () => this.isStopping)
      .catch((error: unknown) => this.onFault(lease, error))
      .finally(() => this.turns.delete(lease));
    this.turns.set(lease, { began: performance.now(), ended });
  }

  private async onFault(lease: Lease, error: unknown): Promise<void> {
    const { tenantId, connectionId } = lease;
    this.log.warn(
      { tenantId, connectionId, cause: describeError(error) },
      `a turn of ${this.options.what} ended early; it goes on where it was`,
    );
    if (error instanceof LeaseLost) return;
    await this.store
      .release(lease, { dueInMs: AFTER_OUR_FAULT_MS, failures: lease.failures, failure: 'our-fault' })
      .catch((last: unknown) => this.log.debug({ tenantId, connectionId, cause: describeError(last) }, 'the lease runs out by itself'));
  }
}
