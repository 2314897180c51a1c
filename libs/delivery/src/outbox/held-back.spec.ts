import { heldBack } from './held-back.js';
import type { OutboxRow } from './outbox.store.js';

const row = (id: number, ledgerKey: string): OutboxRow => ({ id, ledgerKey, effects: [ledgerKey], value: Buffer.alloc(0) });
const idsOf = (rows: readonly OutboxRow[]): number[] => rows.map(({ id }) => id);

it('holds back a refused event and what follows it of the same effect, and nobody else', () => {
  const blocked = new Set<string>();
  const rows = [row(1, 'a'), row(2, 'b'), row(3, 'b'), row(4, 'a'), row(5, 'b')];
  expect(idsOf(heldBack(rows, new Set([3]), blocked))).toEqual([3, 5]);
  expect([...blocked]).toEqual(['b']);
});

it('goes on holding back what comes later of that effect', () => {
  expect(idsOf(heldBack([row(6, 'b'), row(7, 'a')], new Set(), new Set(['b'])))).toEqual([6]);
});

it('holds back nothing when nothing was refused', () => {
  expect(heldBack([row(1, 'a'), row(2, 'a')], new Set(), new Set())).toEqual([]);
});
