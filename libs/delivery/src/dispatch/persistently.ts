import { DatabaseUnavailable } from '@tributary/postgres';

export interface Persistence {
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** After this long it gives up. */
  readonly forMs: number;
}

/** Longer than a restart of Postgres takes; the leases of what was sent end within it, and whoever claims it then repeats it. */
const UNTIL_POSTGRES_IS_BACK: Persistence = { firstDelayMs: 50, maxDelayMs: 1_000, forMs: 60_000 };

/** Asks again while the database is away: what the vendor answered is known to nobody else. Anything else is thrown at once. */
export async function persistently<T>(work: () => Promise<T>, persistence: Persistence = UNTIL_POSTGRES_IS_BACK): Promise<T> {
  const { firstDelayMs, maxDelayMs, forMs } = persistence;
  const until = performance.now() + forMs;
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(maxDelayMs, delayMs * 2)) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable) || performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}
