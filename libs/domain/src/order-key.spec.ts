import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { LedgerKeyParts } from './delivery.events.js';
import { asConnectionId, asTenantId } from './ids.js';
import { ledgerKey, orderKey, parseLedgerKey } from './order-key.js';

interface GoldenLedgerKey {
  readonly parts: LedgerKeyParts;
  readonly key: string;
}

const golden = JSON.parse(
  readFileSync(join(__dirname, '../../../test/fixtures/golden/ledger-key.json'), 'utf8'),
) as readonly GoldenLedgerKey[];

const idText = fc.stringMatching(/^[a-z0-9-]{1,40}$/);
const anyText = fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replace(/\p{Surrogate}/gu, '?'));
const anyParts: fc.Arbitrary<LedgerKeyParts> = fc.record({
  tenantId: idText.map(asTenantId),
  destinationConnectionId: idText.map(asConnectionId),
  sourceConnectionId: idText.map(asConnectionId),
  reference: anyText,
  eventName: anyText,
  revision: anyText,
  mode: fc.constantFrom('live' as const, 'test' as const),
});

describe('orderKey', () => {
  it('joins tenant, connection and order id', () => {
    expect(orderKey({ tenantId: asTenantId('acme'), connectionId: asConnectionId('shop'), orderId: '17' })).toBe('acme:shop:17');
  });
});

describe('ledgerKey', () => {
  it.each(golden)('writes $key for ever', ({ parts, key }) => {
    expect(ledgerKey(parts)).toBe(key);
    expect(parseLedgerKey(key)).toEqual(parts);
  });

  it('is read back as it was written, whatever the texts', () => {
    fc.assert(fc.property(anyParts, (parts) => expect(parseLedgerKey(ledgerKey(parts))).toEqual(parts)));
  });

  it('differs when any component differs', () => {
    fc.assert(
      fc.property(anyParts, anyParts, (a, b) => expect(ledgerKey(a) === ledgerKey(b)).toBe(JSON.stringify(a) === JSON.stringify(b))),
    );
  });

  it('takes a lone surrogate for U+FFFD instead of throwing', () => {
    expect(ledgerKey({ ...golden[0]!.parts, reference: 'a\uD800' })).toContain(':a%EF%BF%BD:');
  });
});

describe('parseLedgerKey', () => {
  it.each([
    ['six components', 'acme:ads:shop:17:Purchase:0'],
    ['eight components', 'acme:ads:shop:17:Purchase:0:live:x'],
    ['another mode', 'acme:ads:shop:17:Purchase:0:draft'],
    ['a broken escape', 'acme:ads:shop:17:Purchase:bump%3:live'],
    ['an escape in lower case', 'acme:ads:shop:17:Purchase:bump%3a12:live'],
    ['an escape that is not needed', 'acme:ads:shop:17:Purchase:%30:live'],
    ['a tenant id that cannot be', 'Acme:ads:shop:17:Purchase:0:live'],
    ['nothing', ''],
  ])('refuses %s', (_, text) => {
    expect(parseLedgerKey(text)).toBeNull();
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseLedgerKey(text)));
  });
});
