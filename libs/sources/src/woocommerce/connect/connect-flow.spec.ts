import { authorizeUrl, readKeyGrant } from './connect-flow.js';

const STATE = 'a-state_of-more-than-twenty-characters';
const GRANT = {
  key_id: 2,
  user_id: STATE,
  consumer_key: 'ck_0000000000000000000000000000000000000001',
  consumer_secret: 'cs_0000000000000000000000000000000000000001',
  key_permissions: 'read_write',
};
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe('the connect link', () => {
  it('leads to the shop, names the account, and brings shop and merchant back to us', () => {
    const url = new URL(
      authorizeUrl({
        storeUrl: 'https://shop.example/tienda',
        appName: 'Tributary: Acme & Co',
        state: STATE,
        publicUrl: 'https://in.example',
      }),
    );
    expect(`${url.origin}${url.pathname}`).toBe('https://shop.example/tienda/wc-auth/v1/authorize');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      app_name: 'Tributary: Acme & Co',
      scope: 'read_write',
      user_id: STATE,
      return_url: 'https://in.example/v1/connect/woocommerce/done',
      callback_url: 'https://in.example/v1/connect/woocommerce/keys',
    });
  });
});

describe('what a shop posts', () => {
  it('is read as a grant', () => {
    expect(readKeyGrant(bytes(GRANT))).toEqual({
      state: STATE,
      keys: { consumerKey: GRANT.consumer_key, consumerSecret: GRANT.consumer_secret },
    });
  });

  it.each([
    ['no JSON', Buffer.from('consumer_key=ck_1')],
    ['a list', bytes([GRANT])],
    ['null', bytes(null)],
    ['no state', bytes({ ...GRANT, user_id: undefined })],
    ['a state that is none of ours', bytes({ ...GRANT, user_id: 17 })],
    ['no key', bytes({ ...GRANT, consumer_key: '' })],
    ['a key with a line break', bytes({ ...GRANT, consumer_secret: 'cs_0000000000\r\nx: y' })],
  ])('is nothing when it is %s', (_, body) => {
    expect(readKeyGrant(body)).toBeNull();
  });
});
