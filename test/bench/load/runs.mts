import { Connection } from './connection.mts';

export interface RunResult {
  readonly answered: number;
  /** Answers other than 200, broken connections, and what had no answer when the run ended. */
  readonly refused: number;
  /** First request to last answer. */
  readonly seconds: number;
  readonly latenciesMs: readonly number[];
  /** Epoch ms at which each request was due (open loop) or sent (closed loop), in the requests' order. */
  readonly sentAt: readonly number[];
}

const LAST_ANSWERS_WITHIN_MS = 5_000;
const OK = 200;

/** Collects what comes back; resolves when everything that was sent has its answer, or too late. */
class Answers {
  readonly latenciesMs: number[] = [];
  #refusals = 0;
  #outstanding = 0;
  #lastAt = 0;

  send(connection: Connection, request: Buffer, since: number, onFree: () => void): void {
    this.#outstanding += 1;
    connection.send(request, (status) => {
      this.#outstanding -= 1;
      this.#lastAt = performance.now();
      if (status === OK) this.latenciesMs.push(this.#lastAt - since);
      else this.#refusals += 1;
      onFree();
    });
  }

  async untilAll(): Promise<void> {
    const deadline = performance.now() + LAST_ANSWERS_WITHIN_MS;
    while (this.#outstanding > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  result(startedAt: number, sentAt: readonly number[]): RunResult {
    const { latenciesMs } = this;
    return {
      answered: latenciesMs.length,
      refused: this.#refusals + this.#outstanding,
      seconds: (this.#lastAt - startedAt) / 1_000,
      latenciesMs,
      sentAt,
    };
  }
}

const openAll = (port: number, count: number): Promise<Connection[]> =>
  Promise.all(Array.from({ length: count }, () => Connection.open(port)));

export function* overAndOver<T>(values: readonly T[]): Generator<T, never> {
  for (;;) yield* values;
}

/** As much as the server takes: each connection sends its next request as soon as the last one is answered. */
export async function closedLoop(port: number, requests: Iterable<Buffer>, connections: number, seconds: number): Promise<RunResult> {
  const open = await openAll(port, connections);
  const answers = new Answers();
  const queue = requests[Symbol.iterator]();
  let isEmpty = false;
  const sentAt: number[] = [];
  const startedAt = performance.now();
  const deadline = startedAt + seconds * 1_000;
  const sendNext = (connection: Connection): void => {
    const now = performance.now();
    if (now >= deadline) return;
    const next = queue.next();
    if (next.done === true) {
      isEmpty = true;
      return;
    }
    sentAt.push(performance.timeOrigin + now);
    answers.send(connection, next.value, now, () => sendNext(connection));
  };
  for (const connection of open) sendNext(connection);
  const isOver = (): boolean => isEmpty || performance.now() >= deadline;
  while (!isOver()) await new Promise((resolve) => setTimeout(resolve, 20));
  await answers.untilAll();
  for (const connection of open) connection.close();
  return answers.result(startedAt, sentAt);
}

/** A generator of numbers in [0, 1) that gives the same ones for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Arrivals of many shops that know nothing of each other: exponential gaps, so some come together. Ms from the start. */
function arrivalsOf(count: number, perSecond: number, seed: number): Float64Array {
  const random = seeded(seed);
  const times = new Float64Array(count);
  let atMs = 0;
  for (let index = 0; index < count; index += 1) {
    atMs += (-Math.log(1 - random()) * 1_000) / perSecond;
    times[index] = atMs;
  }
  return times;
}

/**
 * Arrivals keep to their schedule whatever the server does; latency counts from the scheduled moment, so that waiting for a
 * free connection, or for our own timer (about 1 ms), is part of it.
 */
export async function openLoop(port: number, requests: readonly Buffer[], connections: number, perSecond: number): Promise<RunResult> {
  const arrivals = arrivalsOf(requests.length, perSecond, 1);
  const free = await openAll(port, connections);
  const all = [...free];
  const answers = new Answers();
  const startedAt = performance.now() + 20;
  let next = 0;
  const sendDue = (): void => {
    const now = performance.now();
    for (;;) {
      const due = startedAt + (arrivals[next] ?? Number.POSITIVE_INFINITY);
      const request = requests[next];
      if (due > now || request === undefined) return;
      const connection = free.pop();
      if (connection === undefined) return;
      next += 1;
      answers.send(connection, request, due, () => {
        if (connection.isOpen) free.push(connection);
        sendDue();
      });
    }
  };
  const lastDue = startedAt + (arrivals.at(-1) ?? 0) + LAST_ANSWERS_WITHIN_MS;
  while (next < requests.length && performance.now() < lastDue) {
    sendDue();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await answers.untilAll();
  for (const connection of all) connection.close();
  return answers.result(
    startedAt,
    Array.from(arrivals.subarray(0, next), (atMs) => performance.timeOrigin + startedAt + atMs),
  );
}
