import { stalledLanes } from './stalled-lanes.js';

it('names the lanes that stand still', () => {
  const lane = (pattern: string, idleMs: number): { pattern: string; idleForMs: () => number } => ({ pattern, idleForMs: () => idleMs });
  expect(stalledLanes([lane('orders', 200), lane('settings', 61_000), lane('deliveries', 59_000)])).toEqual([
    'lane settings makes no progress',
  ]);
});
