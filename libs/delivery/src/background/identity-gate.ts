import { setTimeout as pause } from 'node:timers/promises';
import type { LedgerEntry } from '@tributary/domain';
import { describeError, type Log } from '@tributary/telemetry';

/** An effect of an order that names a visitor. */
export interface WaitingEffect {
  readonly entry: LedgerEntry;
  /** Of the visits' topic, where that visitor's visits stand. */
  readonly partition: number;
}

export interface IdentityGatePorts {
  /** Offset after the last visit of each partition. */
  readonly endOffsets: () => Promise<ReadonlyMap<number, number>>;
  /** How far into each partition identity's visitors, as they are folded here, go. */
  readonly progress: () => Promise<ReadonlyMap<number, number>>;
  /** Takes effects whose wait is over. */
  readonly release: (entries: readonly LedgerEntry[]) => void;
  readonly log: Log;
}

interface Held extends WaitingEffect {
  /** Ends the wait, on the process's own clock. */
  readonly untilMs: number;
  /** Null until the log's end was asked for. */
  target: number | null;
}

const LOOK_EVERY_MS = 25;
const AIM_AGAIN_MS = 500;

/**
 * Holds effects of orders that name a visitor until identity has read what was in the log of visits when the order came, at most
 * `graceMs`. An idle partition is read to its end, so its orders pass at once. Whatever is held when the process dies is claimed from
 * the queue when its lease ends, later than any grace.
 */
export class IdentityGate {
  private held: Held[] = [];
  private aiming: Promise<void> | undefined;
  private isLooking = false;
  private isStopped = false;

  constructor(
    private readonly ports: IdentityGatePorts,
    private readonly graceMs: number,
  ) {}

  hold(effects: readonly WaitingEffect[]): void {
    if (effects.length === 0 || this.isStopped) return;
    const untilMs = performance.now() + this.graceMs;
    this.held.push(...effects.map((effect): Held => ({ ...effect, untilMs, target: null })));
    if (!this.isLooking) void this.look();
  }

  /** Lets go of everything: what is held stays in the queue. */
  stop(): void {
    this.isStopped = true;
    this.held = [];
  }

  private async look(): Promise<void> {
    this.isLooking = true;
    while (this.held.length > 0) {
      this.aiming ??= this.aim().finally(() => (this.aiming = undefined));
      this.letGo(await this.progress());
      if (this.held.length > 0) await pause(LOOK_EVERY_MS);
    }
    this.isLooking = false;
  }

  /** Beside the look, because brokers that are away answer late; the grace is the end of any wait. */
  private async aim(): Promise<void> {
    const fresh = this.held.filter(({ target }) => target === null);
    if (fresh.length === 0) return;
    try {
      const ends = await this.ports.endOffsets();
      for (const effect of fresh) effect.target = ends.get(effect.partition) ?? 0;
    } catch (error) {
      this.ports.log.warn({ cause: describeError(error) }, 'nobody says where the visits end; orders wait out their grace');
      await pause(AIM_AGAIN_MS);
    }
  }

  private async progress(): Promise<ReadonlyMap<number, number>> {
    try {
      return await this.ports.progress();
    } catch (error) {
      this.ports.log.warn({ cause: describeError(error) }, 'nobody says how far identity is; orders wait out their grace');
      return new Map();
    }
  }

  private letGo(progress: ReadonlyMap<number, number>): void {
    const nowMs = performance.now();
    const isOver = ({ partition, target, untilMs }: Held): boolean =>
      nowMs >= untilMs || (target !== null && (progress.get(partition) ?? 0) >= target);
    const over = this.held.filter(isOver);
    if (over.length === 0) return;
    this.held = this.held.filter((effect) => !isOver(effect));
    this.ports.release(over.map(({ entry }) => entry));
  }
}
