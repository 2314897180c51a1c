import { intent, settingsOf } from './tiktok/purchase.builder.js';
import { maskedRequest } from './masked-request.js';
import { tiktokDestination } from './tiktok/tiktok.destination.js';

const body = tiktokDestination.toRequest([intent()], 'live', settingsOf(), { accessToken: 'secret-token' }, 'https://vendor.example').body;

describe('a masked request', () => {
  it('shows what was sent of the order and six characters of each hash', () => {
    expect(maskedRequest('tiktok', body)).toMatchObject({
      event_source_id: 'PIXEL1',
      data: [
        {
          event: 'Purchase',
          event_id: 'wc_order_1001',
          user: { email: expect.stringMatching(/^[0-9a-f]{6}…$/), city: '***', ttclid: '***', ip: '***', user_agent: '***', external_id: [expect.stringMatching(/^[0-9a-f]{6}…$/)] },
          page: { url: 'https://shop.example/…' },
          properties: { value: 45815, currency: 'CLP', contents: [{ content_id: 'MUG-BLUE', price: 18000, quantity: 2 }] },
        },
      ],
    });
  });

  it('shows nothing clear of a destination that lists no fields', () => {
    expect(maskedRequest('other', '{"name":"Ana","age":7,"nested":[{"url":"https://shop.example/a?b=c"}]}')).toEqual({
      name: '***',
      age: '***',
      nested: [{ url: 'https://shop.example/…' }],
    });
  });

  it('is null for what is not JSON', () => {
    expect(maskedRequest('tiktok', 'not json')).toBeNull();
  });
});
