import fc from 'fast-check';
import { FairQueue } from './fair-queue.js';

const queueOf = (items: readonly string[]): FairQueue<string> => {
  const queue = new FairQueue<string>();
  for (const item of items) queue.push(item[0] ?? '', item);
  return queue;
};

it('lets nobody wait behind another’s flood', () => {
  const flood = Array.from({ length: 1_000 }, (_, index) => `f${index}`);
  const queue = queueOf([...flood, 'a1', 'b1', 'b2']);
  const taken = queue.take(10);
  expect(taken).toHaveLength(10);
  expect(taken).toEqual(expect.arrayContaining(['a1', 'b1', 'b2', 'f0']));
});

it('gives the next turn to whom it gave nothing', () => {
  const queue = queueOf(['a1', 'a2', 'b1', 'c1']);
  expect(queue.take(2)).toEqual(['a1', 'b1']);
  expect(queue.take(1)).toEqual(['c1']);
});

it('is empty for whom asks an empty one', () => {
  expect(queueOf([]).take(5)).toEqual([]);
});

it('gives out everything once, in each group’s own order, as many as asked for', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b', 'c', 'd')), fc.integer({ min: 1, max: 7 }), (groups, most) => {
      const items = groups.map((group, index) => `${group}${index}`);
      const queue = queueOf(items);
      const taken: string[] = [];
      while (queue.length > 0) {
        const expected = Math.min(most, queue.length);
        const batch = queue.take(most);
        expect(batch).toHaveLength(expected);
        taken.push(...batch);
      }
      for (const group of ['a', 'b', 'c', 'd'])
        expect(taken.filter((item) => item.startsWith(group))).toEqual(items.filter((item) => item.startsWith(group)));
    }),
  );
});
