import { setTimeout as delay } from 'node:timers/promises';
import { BootstrapError, messageOf } from './bootstrap-error.mts';

export interface WaitOptions {
  /** What is awaited, as the subject of "… did not happen within". */
  readonly what: string;
  readonly timeoutMs: number;
  readonly intervalMs?: number;
  /** Throws when waiting has become pointless, such as after the death of the process. */
  readonly giveUp?: () => void;
}

/**
 * Repeats `attempt` until it returns something other than undefined; a throw counts as "not yet".
 * Rejects with the last error once `timeoutMs` has passed, or at once with what `giveUp` throws.
 */
export async function waitUntil<T>(options: WaitOptions, attempt: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + options.timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const result = await attempt();
      if (result !== undefined) return result;
    } catch (error) {
      lastError = error;
    }
    options.giveUp?.();
    if (Date.now() >= deadline) {
      const cause = lastError === undefined ? '' : `; last error: ${messageOf(lastError)}`;
      throw new BootstrapError(`${options.what} did not happen within ${options.timeoutMs / 1000} s${cause}`);
    }
    await delay(options.intervalMs ?? 50);
  }
}
