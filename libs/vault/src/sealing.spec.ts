import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { asSubjectId, asTenantId } from '@tributary/domain';
import { associatedData } from './aes-gcm.js';
import { openPayload, openRecord, sealPayload, sealRecord } from './sealing.js';

// Golden vectors, computed with another implementation (Python's cryptography) from the bytes that sealing.ts documents.
const key = createSecretKey(Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex'));
const iv = Buffer.from('a0a1a2a3a4a5a6a7a8a9aaab', 'hex');
const tenantId = asTenantId('acme');
const subjectId = asSubjectId('5b8f2c1e-0d4a-4c77-9a53-2f6e81b0c9d4');
const context = { topic: 'commerce.order-events.v1', eventId: '0192f0c1-7c3a-7d2e-9b1a-3f5d2c4b6a80' };
const plaintext = Buffer.from('what only the key opens: ñ');
const GOLDEN_RECORD = '01a0a1a2a3a4a5a6a7a8a9aaab91701d5965a46cd31b45f3bb625aabbb098c3660f7d93156bccd970373fa8aaa91ecc725e7a6030f9bd99a';
const GOLDEN_PAYLOAD =
  '0200000003a0a1a2a3a4a5a6a7a8a9aaab91701d5965a46cd31b45f3bb625aabbb098c3660f7d93156bccd97a2070fd08f693681a16988cae79a2f8a';

describe('sealed bytes', () => {
  it('of a record are those that the log holds', () => {
    expect(sealRecord(key, tenantId, subjectId, plaintext, context, iv).toString('hex')).toBe(GOLDEN_RECORD);
    expect(openRecord(key, tenantId, subjectId, Buffer.from(GOLDEN_RECORD, 'hex'), context)).toEqual(plaintext);
  });

  it('of a payload are those that the log holds', () => {
    expect(sealPayload(key, 3, tenantId, plaintext, context, iv).toString('hex')).toBe(GOLDEN_PAYLOAD);
    expect(openPayload(key, tenantId, Buffer.from(GOLDEN_PAYLOAD, 'hex'), context)).toEqual(plaintext);
  });

  it('open to what was sealed, and differ each time', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.string(), fc.string(), (bytes, topic, eventId) => {
        const sealed = sealRecord(key, tenantId, subjectId, bytes, { topic, eventId });
        expect(sealed).toHaveLength(bytes.length + 29);
        expect(sealRecord(key, tenantId, subjectId, bytes, { topic, eventId })).not.toEqual(sealed);
        expect(openRecord(key, tenantId, subjectId, sealed, { topic, eventId })).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('do not open with any bit changed, cut short, or bound to something else', () => {
    const sealed = Buffer.from(GOLDEN_RECORD, 'hex');
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => openRecord(key, tenantId, subjectId, changed, context)).toThrow(bit < 8 ? 'begin with format' : 'does not open');
    }
    for (let length = 1; length < sealed.length; length += 1) {
      expect(() => openRecord(key, tenantId, subjectId, sealed.subarray(0, length), context)).toThrow('does not open');
    }
    expect(() => openRecord(key, tenantId, subjectId, Buffer.alloc(0), context)).toThrow('begin with format nothing');
    expect(() => openRecord(key, asTenantId('other'), subjectId, sealed, context)).toThrow('does not open');
    expect(() => openRecord(key, tenantId, asSubjectId('other'), sealed, context)).toThrow('does not open');
    expect(() => openRecord(key, tenantId, subjectId, sealed, { ...context, topic: 'other' })).toThrow('does not open');
    expect(() => openRecord(key, tenantId, subjectId, sealed, { ...context, eventId: 'other' })).toThrow('does not open');
    expect(() => openPayload(key, tenantId, sealed, context)).toThrow('opens format 2 here');
  });

  it('bind different lists of parts to different bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.array(fc.string({ unit: 'grapheme' })), (one, two) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(two));
        expect(associatedData(1, one)).not.toEqual(associatedData(1, two));
      }),
    );
    expect(associatedData(1, ['ab', 'c'])).not.toEqual(associatedData(1, ['a', 'bc']));
  });
});
