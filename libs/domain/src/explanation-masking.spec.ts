import fc from 'fast-check';
import { maskRequest } from './explanation-masking.js';

const HASH = '0123456789abcdef'.repeat(4);

describe('a masked request', () => {
  const masked = maskRequest({
    event_source: 'web',
    event_source_id: 'PIXEL1',
    data: [
      {
        event: 'Purchase',
        event_time: 1_795_228_693,
        event_id: 'wc_order_17',
        user: {
          email: HASH,
          external_id: [HASH],
          city: 'viñadelmar',
          ip: '203.0.113.7',
          user_agent: 'Mozilla/5.0',
          ttclid: 'E.C.P.lab-ttclid',
          value: 'looks harmless',
        },
        page: { url: 'https://shop.example/gracias/zoe' },
        properties: {
          value: 38563,
          currency: 'CLP',
          contents: [{ content_id: 'CAF-500', content_name: 'Café', price: 13041, quantity: 2 }],
          order_id: '17',
        },
        invented_field: 'zoe@example.com',
        invented_number: 56987654321,
      },
    ],
  });

  it('keeps what names nobody', () => {
    expect(masked).toMatchObject({
      event_source_id: 'PIXEL1',
      data: [
        {
          event: 'Purchase',
          event_time: 1_795_228_693,
          properties: { value: 38563, currency: 'CLP', contents: [{ content_id: 'CAF-500', quantity: 2 }], order_id: '17' },
        },
      ],
    });
  });
  it('shortens hashes and masks what is clear of a person', () => {
    expect(masked).toMatchObject({
      data: [{ user: { email: '012345…', external_id: ['012345…'], city: '…', ip: '…', user_agent: '…', ttclid: '…', value: '…' } }],
    });
  });
  it('keeps of an address only the site', () => expect(masked).toMatchObject({ data: [{ page: { url: 'https://shop.example/…' } }] }));
  it('masks every field that nobody has called harmless', () =>
    expect(masked).toMatchObject({ data: [{ invented_field: '…', invented_number: '…' }] }));

  it('lets no text through that is not under a harmless name', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 2 }), fc.array(fc.string(), { maxLength: 4 }), (secret, path) => {
        const body = path.reduceRight<unknown>((inner, name) => ({ [`x${name.replaceAll('§', '')}`]: inner }), { xfield: `§${secret}§` });
        expect(JSON.stringify(maskRequest(body))).not.toContain('§');
      }),
    );
  });
});
