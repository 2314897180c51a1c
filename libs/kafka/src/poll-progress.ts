/** Work on one batch that shows it goes on. */
export interface BatchProgress {
  beat(): void;
  end(): void;
}

/**
 * Whether a consumer's loop still goes round: it fetches (or tries to, while the brokers are away), and no batch in hand has been
 * silent. Waiting for the database or the broker is progress as long as it says so; hanging is not. `nowMs` is any clock.
 */
export class PollProgress {
  private readonly batches = new Map<object, number>();
  private loopedAt: number;

  constructor(private readonly nowMs: () => number) {
    this.loopedAt = nowMs();
  }

  /** The loop went round once more. */
  loop(): void {
    this.loopedAt = this.nowMs();
  }

  begin(): BatchProgress {
    this.loop();
    const batch = {};
    this.batches.set(batch, this.nowMs());
    return {
      beat: () => {
        this.loop();
        this.batches.set(batch, this.nowMs());
      },
      end: () => {
        this.loop();
        this.batches.delete(batch);
      },
    };
  }

  /** Milliseconds since the loop, or the batch that has been silent longest, last showed a sign of life. */
  idleForMs(): number {
    return this.nowMs() - Math.min(this.loopedAt, ...this.batches.values());
  }
}
