import fc from 'fast-check';
import { asConnectionId, type LedgerEntry } from '@tributary/domain';
import { plannedEntry } from '../../../../test/builders/delivery.builder.js';
import { CredentialLines, type Batch, type Line } from './credential-lines.js';
import type { Held } from './dispatch.port.js';

const NOW = 5_000;
/** Holds nothing back. */
const RATE = Number.POSITIVE_INFINITY;

const entry = (reference: number, connection = 'ads', version = 1): LedgerEntry => ({
  ...plannedEntry({ reference: String(reference), destinationConnectionId: asConnectionId(connection) }),
  version,
});
const held = (reference: number, connection?: string, version?: number): Held => ({
  entry: entry(reference, connection, version),
  isAlone: false,
});
const linesOf = (...all: readonly Held[]): CredentialLines => {
  const lines = new CredentialLines(RATE, 50);
  for (const one of all) lines.hold(one);
  return lines;
};
const next = (lines: CredentialLines): Line => {
  const line = lines.next(NOW, 8);
  if (line === undefined) throw new Error('nothing may leave');
  return line;
};
const references = ({ held: some }: Batch): string[] => some.map((one) => one.entry.key.reference);

describe('an entry in hand', () => {
  it('is held once, however often a lease brings it', () => {
    expect(linesOf(held(1), held(1), held(2)).waitingCount).toBe(2);
  });

  it('is not held a second time while it is being sent', () => {
    const lines = linesOf(held(1));
    const batch = lines.take(next(lines), 50, NOW);
    lines.hold(held(1));
    expect(lines.waitingCount).toBe(0);
    lines.finish(batch);
    lines.hold(held(1));
    expect(lines.waitingCount).toBe(1);
  });

  it('is held anew once it has moved on, and then stays in hand when its older version is finished', () => {
    const lines = linesOf(held(1));
    const older = lines.take(next(lines), 50, NOW);
    lines.hold(held(1, 'ads', 3));
    lines.finish(older);
    lines.hold(held(1, 'ads', 3));
    expect(lines.waitingCount).toBe(1);
  });

  it('may come back at once in the same version after it was given back, and then is not let go by the batch that it was in', () => {
    const lines = linesOf(held(1));
    const batch = lines.take(next(lines), 50, NOW);
    lines.letGo([entry(1)]);
    lines.hold(held(1));
    lines.finish(batch);
    lines.hold(held(1));
    expect(lines.waitingCount).toBe(1);
  });

  it('stays in hand when an older version is given back', () => {
    const lines = linesOf(held(1, 'ads', 3));
    lines.letGo([entry(1, 'ads', 2)]);
    lines.hold(held(1, 'ads', 3));
    expect(lines.waitingCount).toBe(1);
  });

  it('waits on before all others, still in hand, when it did not fit into the request', () => {
    const lines = linesOf(held(1), held(2), held(3), held(4));
    const line = next(lines);
    const batch = lines.take(line, 3, NOW);
    lines.putBack(batch, batch.held.slice(1));
    lines.finish(batch);
    lines.hold(held(2));
    expect(references(batch)).toEqual(['1']);
    expect(references(lines.take(line, 50, NOW))).toEqual(['2', '3', '4']);
  });
});

describe('the lines of the credentials', () => {
  it('are served in turn, so that a long one delays nobody', () => {
    const lines = linesOf(held(1, 'a'), held(2, 'a'), held(3, 'a'), held(4, 'b'), held(5, 'c'));
    const served: string[] = [];
    for (let line = lines.next(NOW, 8); line !== undefined; line = lines.next(NOW, 8)) {
      lines.take(line, 1, NOW);
      served.push(line.credential.connectionId);
    }
    expect(served).toEqual(['a', 'b', 'c', 'a', 'a']);
  });

  it('have at most so many requests under way each', () => {
    const lines = linesOf(held(1), held(2), held(3));
    const batch = lines.take(next(lines), 1, NOW);
    lines.take(next(lines), 1, NOW);
    expect(lines.next(NOW, 2)).toBeUndefined();
    lines.finish(batch);
    expect(lines.next(NOW, 2)).toBeDefined();
  });

  it('wait while the credential is held back, and only they', () => {
    const lines = linesOf(held(1, 'a'), held(2, 'b'));
    next(lines).notBefore = NOW + 100;
    expect(next(lines).credential.connectionId).toBe('b');
    lines.take(next(lines), 50, NOW);
    expect(lines.next(NOW + 99, 8)).toBeUndefined();
    expect(lines.next(NOW + 100, 8)?.credential.connectionId).toBe('a');
  });

  it('give back all that waits, and nothing that is on its way', () => {
    const lines = linesOf(held(1), held(2), held(3));
    lines.take(next(lines), 1, NOW);
    expect(lines.takeAllWaiting().map((one) => one.entry.key.reference)).toEqual(['2', '3']);
    expect(lines.waitingCount).toBe(0);
    expect(lines.next(NOW, 8)).toBeUndefined();
  });

  it('let everything through once, in each credential’s own order', () => {
    const arrivals = fc.array(fc.record({ reference: fc.nat(30), connection: fc.constantFrom('a', 'b', 'c') }), { maxLength: 60 });
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 5 }), (all, limit) => {
        const lines = linesOf(...all.map(({ reference, connection }) => held(reference, connection)));
        const sent: string[] = [];
        for (let line = lines.next(NOW, 1); line !== undefined; line = lines.next(NOW, 1)) {
          const batch = lines.take(line, limit, NOW);
          sent.push(...references(batch).map((reference) => `${line?.credential.connectionId}:${reference}`));
          lines.finish(batch);
        }
        const inOrder = (connection: string, some: readonly string[]): string[] => some.filter((one) => one.startsWith(connection));
        const first = [...new Set(all.map(({ reference, connection }) => `${connection}:${reference}`))];
        for (const connection of ['a', 'b', 'c']) expect(inOrder(connection, sent)).toEqual(inOrder(connection, first));
      }),
    );
  });
});

describe('the pace of a credential', () => {
  const linesAt = (requestsPerSecond: number, ...all: readonly Held[]): CredentialLines => {
    const lines = new CredentialLines(requestsPerSecond, 50);
    for (const one of all) lines.hold(one);
    return lines;
  };

  it('lets one request go ahead, and then one each fraction of a second', () => {
    const lines = linesAt(10, held(1), held(2), held(3), held(4));
    const leaves = (nowMs: number): boolean => {
      const line = lines.next(nowMs, 8);
      if (line !== undefined) lines.take(line, 1, nowMs);
      return line !== undefined;
    };
    expect([NOW, NOW, NOW + 99, NOW + 100, NOW + 199, NOW + 200].map(leaves)).toEqual([true, true, false, true, false, true]);
  });

  it('is each credential’s own', () => {
    const lines = linesAt(10, held(1, 'a'), held(2, 'a'), held(3, 'b'));
    lines.take(next(lines), 1, NOW);
    expect(next(lines).credential.connectionId).toBe('b');
  });

  it('says when the next may leave', () => {
    const lines = linesAt(10, held(1), held(2), held(3));
    const line = next(lines);
    lines.take(line, 1, NOW);
    lines.take(line, 1, NOW);
    expect(lines.waitMs(line, NOW + 40)).toBe(60);
    expect(lines.waitMs(line, NOW + 300)).toBeLessThanOrEqual(0);
  });
});

describe('company', () => {
  const waitFor = (count: number, leavesAtMs: number): CredentialLines => {
    const lines = new CredentialLines(RATE, 3);
    for (let reference = 1; reference <= count; reference += 1) lines.hold(held(reference), leavesAtMs);
    return lines;
  };

  it('is waited for until the first one’s time is over', () => {
    const lines = waitFor(1, NOW + 100);
    lines.hold(held(2), NOW + 300);
    expect(lines.next(NOW + 99, 8)).toBeUndefined();
    expect(lines.next(NOW + 100, 8)).toBeDefined();
  });

  it('is not waited for when the request is full, or when something comes that has waited long enough', () => {
    expect(waitFor(2, NOW + 100).next(NOW, 8)).toBeUndefined();
    expect(waitFor(3, NOW + 100).next(NOW, 8)).toBeDefined();
    const lines = waitFor(1, NOW + 100);
    lines.hold(held(2));
    expect(lines.next(NOW, 8)).toBeDefined();
  });
});
