import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { murmur2, partitionOf } from './partition.js';

interface GoldenPartition {
  readonly key: string;
  readonly of12: number;
  readonly of48: number;
}

const golden = JSON.parse(
  readFileSync(join(__dirname, '../../../test/fixtures/golden/partition.json'), 'utf8'),
) as readonly GoldenPartition[];

describe('murmur2', () => {
  // Kafka's own vectors: UtilsTest.testMurmur2 of the Java client.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %s as the Java client does', (text, hash) => {
    expect(murmur2(Buffer.from(text, 'utf8'))).toBe(hash);
  });

  it('reads a view into a larger buffer at its own offset', () => {
    const larger = Buffer.from('xxxfoobarxxx');
    expect(murmur2(larger.subarray(3, 9))).toBe(-790332482);
  });
});

describe('partitionOf', () => {
  it.each(golden)('keeps $key where it was written', ({ key, of12, of48 }) => {
    expect([partitionOf(key, 12), partitionOf(key, 48)]).toEqual([of12, of48]);
  });

  it('lies between 0 and the number of partitions for every text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 1_000 }), (key, count) => {
        const partition = partitionOf(key, count);
        expect(Number.isInteger(partition) && partition >= 0 && partition < count).toBe(true);
      }),
    );
  });

  it('spreads the orders of one shop evenly', () => {
    const counts = Array.from({ length: 12 }, () => 0);
    for (let orderId = 1; orderId <= 12_000; orderId += 1) counts[partitionOf(`acme:shop:${orderId}`, 12)]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1_150);
  });
});
