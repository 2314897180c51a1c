import { TokenBuckets } from './token-buckets.js';

let nowMs = 0;
const buckets = (): TokenBuckets => {
  nowMs = 0;
  return new TokenBuckets(() => nowMs);
};

describe('a bucket', () => {
  it('gives what it holds, then says when there will be enough, and takes nothing meanwhile', () => {
    const all = buckets();
    expect(all.take('a', 20, 10, 20)).toBe(0);
    expect(all.take('a', 5, 10, 20)).toBe(500);
    nowMs = 499;
    expect(all.take('a', 5, 10, 20)).toBe(1);
    nowMs = 500;
    expect(all.take('a', 5, 10, 20)).toBe(0);
  });

  it('is filled to its capacity and no further', () => {
    const all = buckets();
    all.take('a', 20, 10, 20);
    nowMs = 3_600_000;
    expect([all.take('a', 20, 10, 20), all.take('a', 1, 10, 20)]).toEqual([0, 100]);
  });

  it('gives more than its capacity when it is full, and is in debt then', () => {
    const all = buckets();
    expect(all.take('a', 100, 10, 20)).toBe(0);
    expect(all.take('a', 1, 10, 20)).toBe(8_100);
  });

  it('is no other’s', () => {
    const all = buckets();
    all.take('a', 20, 10, 20);
    expect(all.take('b', 20, 10, 20)).toBe(0);
  });
});
