import type { CoverageCause } from './coverage-causes.js';
import { dayOf, isDayFinal } from './order-report.js';
import type { ReportedEffect, ReportedOrder, ReportPeriod, VisitTally } from './report.facts.js';

/** Whether an event has one match key that it could have; if not, the likely cause. */
export interface KeySeen {
  readonly key: string;
  readonly missingFor: CoverageCause | null;
}

/** What a destination's match keys are, and why one may be missing. Pure. */
export interface CoverageRules {
  /** One for each key that such an event can have. */
  ofOrder(order: ReportedOrder, effect: ReportedEffect & { readonly matchKeys: readonly string[] }): readonly KeySeen[];
  ofVisit(matchKeys: readonly string[]): readonly KeySeen[];
}

export interface KeyCoverage {
  readonly key: string;
  /** Events that could have it. */
  readonly events: number;
  readonly have: number;
  /** How many lack it for each cause, the most frequent first. */
  readonly missing: readonly { readonly cause: CoverageCause; readonly events: number }[];
}

/** Match keys of one day's live events of one kind. */
export interface CoverageLine {
  readonly destination: string;
  readonly eventName: string;
  /** Of the order; null for visits. */
  readonly paymentMethod: string | null;
  /** Epoch ms of its begin, UTC: when the order was made, or the visit happened. */
  readonly dayAt: number;
  readonly isFinal: boolean;
  readonly events: number;
  readonly keys: readonly KeyCoverage[];
}

interface KeyTally {
  events: number;
  have: number;
  readonly missing: Map<CoverageCause, number>;
}

interface LineTally extends Pick<CoverageLine, 'destination' | 'eventName' | 'paymentMethod' | 'dayAt'> {
  events: number;
  readonly keys: Map<string, KeyTally>;
}

/** Counts what requests said of people. Test events do not count. */
export class Coverage {
  private readonly lines = new Map<string, LineTally>();

  constructor(
    private readonly period: ReportPeriod,
    private readonly rules: CoverageRules,
  ) {}

  addOrder(order: ReportedOrder): void {
    for (const effect of order.effects) {
      const { matchKeys, destination, eventName } = effect;
      if (matchKeys === null || effect.mode !== 'live') continue;
      const line = this.lineOf(destination, eventName, order.paymentMethod, dayOf(order.createdAt));
      this.add(line, this.rules.ofOrder(order, { ...effect, matchKeys }), 1);
    }
  }

  addVisits({ destination, eventName, mode, dayAt, hasRequest, matchKeys, count }: VisitTally): void {
    if (!hasRequest || mode !== 'live') return;
    this.add(this.lineOf(destination, eventName, null, dayAt), this.rules.ofVisit(matchKeys), count);
  }

  /** By destination, event, payment method and day. */
  get all(): readonly CoverageLine[] {
    return [...this.lines]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { keys, ...line }]) => ({
        ...line,
        isFinal: isDayFinal(line.dayAt, this.period.finalBeforeMs),
        keys: [...keys]
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, { events, have, missing }]) => ({ key, events, have, missing: byFrequency(missing) })),
      }));
  }

  private add(line: LineTally, seen: readonly KeySeen[], count: number): void {
    line.events += count;
    for (const { key, missingFor } of seen) {
      const tally = line.keys.get(key) ?? { events: 0, have: 0, missing: new Map<CoverageCause, number>() };
      line.keys.set(key, tally);
      tally.events += count;
      if (missingFor === null) tally.have += count;
      else tally.missing.set(missingFor, (tally.missing.get(missingFor) ?? 0) + count);
    }
  }

  private lineOf(destination: string, eventName: string, paymentMethod: string | null, dayAt: number): LineTally {
    const key = JSON.stringify([destination, eventName, paymentMethod, new Date(dayAt).toISOString()]);
    const known = this.lines.get(key);
    if (known !== undefined) return known;
    const line: LineTally = { destination, eventName, paymentMethod, dayAt, events: 0, keys: new Map() };
    this.lines.set(key, line);
    return line;
  }
}

const byFrequency = (missing: ReadonlyMap<CoverageCause, number>): KeyCoverage['missing'] =>
  [...missing].map(([cause, events]) => ({ cause, events })).toSorted((a, b) => b.events - a.events || (a.cause < b.cause ? -1 : 1));
