import { tokenOfAddress, webhookAddress, whyUnreachable } from './managed-address.js';

describe('an address of ours', () => {
  it('carries its token, and an address of anybody else carries none', () => {
    const address = webhookAddress('https://in.example', 'a-token_of-16-chars');
    expect(address).toBe('https://in.example/v1/sources/woocommerce/a-token_of-16-chars');
    expect(tokenOfAddress('https://in.example', address)).toBe('a-token_of-16-chars');
    expect(tokenOfAddress('https://other.example', address)).toBeNull();
    expect(tokenOfAddress('https://in.example', `${address}/more`)).toBeNull();
    expect(tokenOfAddress('https://in.example', 'https://in.example/v1/sources/woocommerce/')).toBeNull();
  });
});

describe('whether a shop can be told to send to us', () => {
  it.each([
    ['https://in.example', 'https://shop.example', null],
    ['https://in.example:8080', 'https://shop.example', null],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:9200', null],
    ['http://localhost:8080', 'http://192.168.1.7', null],
    ['http://127.0.0.1:8080', 'https://shop.example', 'private-address'],
    ['http://localhost:8080', 'https://shop.example', 'private-address'],
    ['http://[::1]:8080', 'https://shop.example', 'private-address'],
    ['https://in.example:8443', 'https://shop.example', 'port'],
    [null, 'https://shop.example', 'no-address'],
  ])('%s for %s: %s', (base, storeUrl, why) => {
    expect(whyUnreachable(base, storeUrl)).toBe(why);
  });
});
