import { setTimeout as pause } from 'node:timers/promises';
import { createLog } from '@tributary/telemetry';
import { plannedEntry } from '../../../../test/builders/delivery.builder.js';
import { IdentityGate } from './identity-gate.js';

const effect = (reference: string, partition = 0) => ({ entry: plannedEntry({ reference }), partition });

function gateWith(graceMs: number, ends: Record<number, number>, progress: Record<number, number>) {
  const released: string[] = [];
  const numbers = (record: Record<number, number>) => new Map(Object.entries(record).map(([key, value]) => [Number(key), value]));
  const gate = new IdentityGate(
    {
      endOffsets: () => Promise.resolve(numbers(ends)),
      progress: () => Promise.resolve(numbers(progress)),
      release: (entries) => released.push(...entries.map(({ key }) => key.reference)),
      log: createLog('identity-gate.spec', 'silent'),
    },
    graceMs,
  );
  const until = async (count: number): Promise<string[]> => {
    const deadline = performance.now() + 2_000;
    while (released.length < count && performance.now() < deadline) await pause(5);
    return released;
  };
  return { gate, ends, progress, released, until };
}

it('lets an order pass at once when nobody visits', async () => {
  const { gate, until } = gateWith(60_000, { 0: 0 }, {});
  gate.hold([effect('1')]);
  expect(await until(1)).toEqual(['1']);
});

it('lets an order pass at once when identity has read to the end', async () => {
  const { gate, until } = gateWith(60_000, { 0: 7 }, { 0: 7 });
  gate.hold([effect('1')]);
  expect(await until(1)).toEqual(['1']);
});

it('holds an order until identity has read what was there when it came, not what came later', async () => {
  const { gate, ends, progress, released, until } = gateWith(60_000, { 0: 7, 1: 9 }, { 0: 6, 1: 9 });
  gate.hold([effect('behind', 0), effect('idle', 1)]);
  expect(await until(1)).toEqual(['idle']);
  ends[0] = 1_000;
  progress[0] = 7;
  expect(await until(2)).toEqual(['idle', 'behind']);
  expect(released).toHaveLength(2);
});

it('waits no longer than its grace', async () => {
  const { gate, until } = gateWith(60, { 0: 7 }, { 0: 6 });
  const began = performance.now();
  gate.hold([effect('1')]);
  expect(await until(1)).toEqual(['1']);
  expect(performance.now() - began).toBeGreaterThanOrEqual(60);
});

it('waits no longer when nobody answers', async () => {
  const released: string[] = [];
  const away = () => Promise.reject(new Error('away'));
  const gate = new IdentityGate(
    {
      endOffsets: away,
      progress: away,
      release: (entries) => released.push(...entries.map(({ key }) => key.reference)),
      log: createLog('x', 'silent'),
    },
    50,
  );
  gate.hold([effect('1')]);
  const deadline = performance.now() + 2_000;
  while (released.length === 0 && performance.now() < deadline) await pause(5);
  expect(released).toEqual(['1']);
});

it('keeps what it holds to itself once it is stopped', async () => {
  const { gate, progress, released } = gateWith(60_000, { 0: 7 }, { 0: 6 });
  gate.hold([effect('1')]);
  gate.stop();
  progress[0] = 7;
  await pause(80);
  expect(released).toEqual([]);
});
