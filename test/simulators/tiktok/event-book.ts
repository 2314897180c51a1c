import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { JsonObject } from './refusal.ts';

/** @see TikTok's documentation of deduplication (server and server), read 2026-11-21 */
const DEDUPLICATION_WINDOW_MS = 48 * 3_600_000;

export interface TakenEvent {
  readonly at: number;
  readonly pixel: string;
  readonly event: string;
  readonly eventId: string;
  readonly testEventCode: string | null;
  readonly requestId: string;
  /** Null when bodies are not kept. */
  readonly body: JsonObject | null;
}

interface WrittenEvent extends TakenEvent {
  readonly list: 'accepted' | 'duplicates';
}

const keyOf = ({ pixel, event, eventId, testEventCode }: TakenEvent): string => JSON.stringify([pixel, event, eventId, testEventCode]);

/** None from a line that was cut because the process was killed while it wrote. */
function writtenEvents(line: string): readonly WrittenEvent[] {
  try {
    return [JSON.parse(line) as WrittenEvent];
  } catch {
    return [];
  }
}

/** Everything that TikTok took, and what of it counted: pixel + event + event id counts once in 48 hours, the first received. */
export class EventBook {
  readonly accepted: TakenEvent[] = [];
  readonly duplicates: TakenEvent[] = [];
  readonly #countedAt = new Map<string, number>();
  readonly #stateFile: string | null;

  constructor(stateFile: string | null) {
    this.#stateFile = stateFile;
    if (stateFile === null || !existsSync(stateFile)) return;
    for (const event of readFileSync(stateFile, 'utf8').split('\n').flatMap(writtenEvents)) this.#load(event);
  }

  /** Returns how many counted; the rest are duplicates, which are taken without a word. */
  take(events: readonly TakenEvent[]): number {
    const written = events.map((event): WrittenEvent => ({ list: this.#isRepeat(event) ? 'duplicates' : this.#count(event), ...event }));
    for (const { list, ...event } of written) this[list].push(event);
    if (this.#stateFile !== null && written.length > 0) {
      appendFileSync(this.#stateFile, written.map((event) => `${JSON.stringify(event)}\n`).join(''));
    }
    return written.filter(({ list }) => list === 'accepted').length;
  }

  clear(): void {
    this.accepted.length = 0;
    this.duplicates.length = 0;
    this.#countedAt.clear();
    if (this.#stateFile !== null) writeFileSync(this.#stateFile, '');
  }

  #isRepeat(event: TakenEvent): boolean {
    const countedAt = this.#countedAt.get(keyOf(event));
    return countedAt !== undefined && event.at - countedAt < DEDUPLICATION_WINDOW_MS;
  }

  #count(event: TakenEvent): 'accepted' {
    this.#countedAt.set(keyOf(event), event.at);
    return 'accepted';
  }

  #load({ list, ...event }: WrittenEvent): void {
    this[list].push(event);
    if (list === 'accepted') this.#count(event);
  }
}
