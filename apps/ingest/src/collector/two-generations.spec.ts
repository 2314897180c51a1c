import { TwoGenerations } from './two-generations.js';

it('remembers the last entries, and forgets those before the last two generations', () => {
  const known = new TwoGenerations<number>(3);
  for (let index = 0; index < 9; index += 1) known.set(`k${index}`, index);
  expect(known.get('k8')).toBe(8);
  expect(known.get('k6')).toBe(6);
  expect(known.get('k0')).toBeUndefined();
  expect(known.get('k5')).toBeUndefined();
});
