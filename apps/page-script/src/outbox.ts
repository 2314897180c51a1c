import { store, stored } from './browser-storage.js';
import type { Fields } from './page-window.js';
import type { Settings } from './settings.js';

/** A visit as the collector takes it. */
export type Visit = Fields & { readonly eventId: string };

interface Waiting {
  readonly visit: Visit;
  readonly tries: number;
  /** Not sent before this time, epoch ms: another page of the shop, or a request on its way, may have it. */
  readonly dueAt: number;
}

export interface Content {
  readonly contentId: string;
  readonly name?: string | undefined;
  /** Per unit. */
  readonly price?: number | undefined;
  readonly quantity: number;
}

const MAX_WAITING = 200;
/** With 25 visits a body stays below the 64 KiB that browsers allow a page that is being left. */
const MAX_PER_REQUEST = 25;
const GATHER_MS = 50;
const ANSWER_WITHIN_MS = 10_000;
const FIRST_PAUSE_MS = 2_000;
const IDENTIFY_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 300_000;

export interface Outbox {
  readonly add: (visit: Visit) => void;
  /** A call that is not a visit: tried until the page is left, never stored. */
  readonly identify: (body: Fields) => void;
  /** Sends what waits, once, and keeps nothing of it. */
  readonly close: () => void;
}

/** What `batch()` adds to every request: who sends, and on whose behalf. */
export function openOutbox({ collectUrl, identifyUrl }: Settings, batch: () => Fields, isAllowed: () => boolean): Outbox {
  let inMemory: Waiting[] = [];
  let canStore = true;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const all = (): Waiting[] => (canStore ? (stored<Waiting[]>('queue') ?? []) : inMemory);
  const keep = (waiting: readonly Waiting[]): void => {
    inMemory = waiting.slice(-MAX_WAITING);
    canStore = store('queue', inMemory.length === 0 ? undefined : inMemory);
  };

  const wake = (delayMs = GATHER_MS): void => {
    clearTimeout(timer);
    timer = setTimeout(pump, delayMs);
  };

  const takeDue = (): Waiting[] => {
    const now = Date.now();
    const waiting = all();
    const due = waiting.filter(({ dueAt }) => dueAt <= now).slice(0, MAX_PER_REQUEST);
    keep(waiting.map((one) => (due.includes(one) ? { ...one, tries: one.tries + 1, dueAt: now + ANSWER_WITHIN_MS } : one)));
    return due;
  };
  const bodyOf = (due: readonly Waiting[]): string => JSON.stringify({ ...batch(), events: due.map(({ visit }) => visit) });

  function pump(): void {
    if (!isAllowed()) return;
    const due = takeDue();
    if (due.length > 0) {
      void post(collectUrl, bodyOf(due)).then((pauseMs) => {
        const isOfThese = ({ visit }: Waiting): boolean => due.some((sent) => sent.visit.eventId === visit.eventId);
        // What was withdrawn meanwhile is no longer there to be changed.
        keep(
          pauseMs === undefined
            ? all().filter((one) => !isOfThese(one))
            : all().map((one) => (isOfThese(one) ? { ...one, dueAt: Date.now() + Math.max(pauseMs, backoff(one.tries)) } : one)),
        );
        wake();
      });
    }
    const soonest = Math.min(...all().map(({ dueAt }) => dueAt));
    if (soonest < Infinity) wake(Math.max(GATHER_MS, soonest - Date.now()));
  }

  const identify = (body: Fields): void => {
    void post(identifyUrl, JSON.stringify(body)).then((pauseMs) => {
      if (pauseMs !== undefined && isAllowed()) setTimeout(() => identify(body), pauseMs || IDENTIFY_PAUSE_MS);
    });
  };

  /** A page that is being left gets no answer: what was not yet acknowledged stays stored and the next page asks again. */
  const leave = (): void => {
    if (!isAllowed()) return;
    const due = takeDue();
    if (due.length === 0 || !navigator.onLine) return;
    if (!navigator.sendBeacon(collectUrl, bodyOf(due))) void post(collectUrl, bodyOf(due));
    wake(ANSWER_WITHIN_MS);
  };
  addEventListener('pagehide', leave);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') leave();
  });
  addEventListener('online', () => {
    keep(all().map((waiting) => ({ ...waiting, dueAt: 0 })));
    wake();
  });
  wake();

  return {
    add: (visit) => {
      keep([...all(), { visit, tries: 0, dueAt: 0 }]);
      wake();
    },
    identify,
    close: () => {
      const due = takeDue();
      if (due.length > 0) void post(collectUrl, bodyOf(due));
      keep([]);
    },
  };
}

const backoff = (tries: number): number => Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(tries - 1, 10));

/** Plain text needs no preflight. Resolves to undefined when the collector has taken it or never will, else to the pause it asks for, in ms. */
async function post(url: string, body: string): Promise<number | undefined> {
  try {
    const answer = await fetch(url, { method: 'POST', body, keepalive: true, credentials: 'include' });
    if (answer.ok || (answer.status < 500 && answer.status !== 429)) return undefined;
    return 1_000 * (Number(answer.headers.get('retry-after')) || 0);
  } catch {
    return 0; // offline, blocked or away
  }
}
