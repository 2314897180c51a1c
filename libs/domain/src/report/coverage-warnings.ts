import type { CoverageCause } from './coverage-causes.js';
import type { CoverageLine } from './coverage.js';

/** A match key that fewer events have than before. */
export interface CoverageWarning {
  readonly destination: string;
  readonly eventName: string;
  /** Null: whatever the method, or a visit. */
  readonly paymentMethod: string | null;
  readonly key: string;
  /** Epoch ms of the first day of the drop. */
  readonly sinceAt: number;
  /** Of the events since then, and of those before, 0–1. */
  readonly share: number;
  readonly shareBefore: number;
  readonly events: number;
  /** What most of the missing ones lack it for, beyond what was usual; null when that cannot be told. */
  readonly cause: CoverageCause | null;
}

/** Fewer say nothing: days are put together until they have as many. */
const MIN_EVENTS = 20;
/** A fifth of the events: less comes and goes. */
const DROP = 0.2;

interface Counts {
  readonly events: number;
  readonly have: number;
  readonly missing: ReadonlyMap<CoverageCause, number>;
}

interface Span extends Counts {
  readonly sinceAt: number;
}

const NONE: Counts = { events: 0, have: 0, missing: new Map() };

function together(a: Counts, b: Counts): Counts {
  const missing = new Map(a.missing);
  for (const [cause, events] of b.missing) missing.set(cause, (missing.get(cause) ?? 0) + events);
  return { events: a.events + b.events, have: a.have + b.have, missing };
}

const shareOf = ({ events, have }: Counts): number => (events === 0 ? 0 : have / events);

/** Spans of whole days, each with enough events; a rest at the end that has too few is left out. */
function spansOf(days: readonly Span[]): Span[] {
  const spans: Span[] = [];
  let open: Span | null = null;
  for (const day of days) {
    open = open === null ? day : { ...together(open, day), sinceAt: open.sinceAt };
    if (open.events < MIN_EVENTS) continue;
    spans.push(open);
    open = null;
  }
  return spans;
}

/** The drop that still lasts at the end of the spans, if there is one. */
function lastingDrop(spans: readonly Span[]): { readonly before: Counts; readonly since: Span } | null {
  let before = NONE;
  let since: Span | null = null;
  for (const span of spans) {
    const isLow = before.events > 0 && shareOf(span) <= shareOf(before) - DROP;
    if (!isLow) {
      before = together(before, span);
      since = null;
    } else since = since === null ? span : { ...together(since, span), sinceAt: since.sinceAt };
  }
  return since === null ? null : { before, since };
}

/** The cause that has grown most, as a share of all events. */
function causeOf(before: Counts, since: Counts): CoverageCause | null {
  const grown = [...since.missing]
    .map(([cause, events]) => ({ cause, by: events / since.events - (before.missing.get(cause) ?? 0) / before.events }))
    .toSorted((a, b) => b.by - a.by || (a.cause < b.cause ? -1 : 1));
  return grown[0]?.cause ?? null;
}

function warningsOf(lines: readonly CoverageLine[], paymentMethod: string | null): CoverageWarning[] {
  const [first] = lines;
  if (first === undefined) return [];
  const { destination, eventName } = first;
  return [...new Set(lines.flatMap(({ keys }) => keys.map(({ key }) => key)))].toSorted().flatMap((key): CoverageWarning[] => {
    const days = new Map<number, Span>();
    for (const { dayAt, keys } of lines) {
      const found = keys.find((one) => one.key === key);
      if (found === undefined) continue;
      const counts = { ...found, missing: new Map(found.missing.map(({ cause, events }) => [cause, events])) };
      days.set(dayAt, { ...together(days.get(dayAt) ?? NONE, counts), sinceAt: dayAt });
    }
    const drop = lastingDrop(spansOf([...days.values()].toSorted((a, b) => a.sinceAt - b.sinceAt)));
    if (drop === null) return [];
    const { before, since } = drop;
    const shares = { share: shareOf(since), shareBefore: shareOf(before), events: since.events };
    return [{ destination, eventName, paymentMethod, key, sinceAt: since.sinceAt, ...shares, cause: causeOf(before, since) }];
  });
}

/**
 * Match keys that dropped by a fifth of the events or more within the lines and have not come back: per event, and per payment method
 * where not all of them dropped.
 */
export function coverageWarnings(lines: readonly CoverageLine[]): readonly CoverageWarning[] {
  const events = Map.groupBy(lines, ({ destination, eventName }) => JSON.stringify([destination, eventName]));
  return [...events.values()].flatMap((ofEvent) => {
    const overall = warningsOf(ofEvent, null);
    const warned = new Set(overall.map(({ key }) => key));
    const methods = Map.groupBy(
      ofEvent.filter(({ paymentMethod }) => paymentMethod !== null),
      ({ paymentMethod }) => paymentMethod,
    );
    const single = [...methods].flatMap(([method, ofMethod]) => warningsOf(ofMethod, method)).filter(({ key }) => !warned.has(key));
    return [...overall, ...single];
  });
}
