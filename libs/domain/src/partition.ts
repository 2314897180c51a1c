const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;
const ROTATION = 24;

/** Bytes one by one: a DataView takes several times as long. */
const byteAt = (bytes: Uint8Array, offset: number): number => bytes[offset] ?? 0;

/**
 * Kafka's own hash of a record key: murmur2 with seed 0x9747b28c, as a signed 32-bit integer.
 *
 * @see https://github.com/apache/kafka/blob/trunk/clients/src/main/java/org/apache/kafka/common/utils/Utils.java `murmur2` (read 2026-11-21)
 */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  let hash = SEED ^ length;
  let offset = 0;
  for (; length - offset >= 4; offset += 4) {
    let word = Math.imul(
      byteAt(bytes, offset) | (byteAt(bytes, offset + 1) << 8) | (byteAt(bytes, offset + 2) << 16) | (byteAt(bytes, offset + 3) << 24),
      MULTIPLIER,
    );
    word ^= word >>> ROTATION;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER);
  }
  const rest = length - offset;
  if (rest > 2) hash ^= byteAt(bytes, offset + 2) << 16;
  if (rest > 1) hash ^= byteAt(bytes, offset + 1) << 8;
  if (rest > 0) hash = Math.imul(hash ^ byteAt(bytes, offset), MULTIPLIER);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  return hash ^ (hash >>> 15);
}

/**
 * The partition of a record key, as the Java client's default partitioner chooses it.
 * Written into logs that are kept for ever: golden vectors in test/fixtures/golden/partition.json.
 */
export function partitionOf(key: string, partitionCount: number): number {
  return (murmur2(Buffer.from(key, 'utf8')) & 0x7fffffff) % partitionCount;
}
