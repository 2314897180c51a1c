import { firstAccess, restRootOf } from './shop-access.js';
import { frontPageRequest, shopRequest } from './shop-request.js';

const KEYS = { consumerKey: 'ck_key', consumerSecret: 'cs_secret' };
const MOMENT = { timestampSeconds: 1_795_228_693, nonce: 'n0nce' };
const QUERY = { path: '/orders', parameters: { per_page: '100', modified_after: '2026-11-21T02:38:13' } };

describe('a request to a shop', () => {
  it('carries the keys in the header over HTTPS', () => {
    const { url, headers } = shopRequest(QUERY, firstAccess('https://shop.example'), KEYS, MOMENT);
    expect(url).toBe('https://shop.example/wp-json/wc/v3/orders?modified_after=2026-11-21T02%3A38%3A13&per_page=100');
    expect(headers['authorization']).toBe(`Basic ${Buffer.from('ck_key:cs_secret').toString('base64')}`);
  });

  it('carries the keys in the address where the header is stripped', () => {
    const { url, headers } = shopRequest(QUERY, { restRoot: 'https://shop.example/wp-json/', authentication: 'query' }, KEYS, MOMENT);
    expect(new URL(url).searchParams.get('consumer_secret')).toBe('cs_secret');
    expect(headers['authorization']).toBeUndefined();
  });

  it('is signed over plain HTTP and never shows the secret', () => {
    const { url, headers } = shopRequest(QUERY, firstAccess('http://shop.example'), KEYS, MOMENT);
    const { searchParams } = new URL(url);
    // Computed with openssl over the base string of RFC 5849, section 3.4.1.
    expect(searchParams.get('oauth_signature')).toBe('ilvUxrLcEs2qAGOGBMVeCFLCyy0Gu/9fhmBWqkoNvLY=');
    expect(searchParams.get('oauth_timestamp')).toBe('1795228693');
    expect(url).not.toContain('cs_secret');
    expect(headers['authorization']).toBeUndefined();
  });

  it('asks the front page without keys', () => {
    expect(frontPageRequest('https://shop.example').url).toBe('https://shop.example/');
    expect(JSON.stringify(frontPageRequest('https://shop.example'))).not.toContain('cs_');
  });
});

describe('the place of wp-json', () => {
  const page = (link: string) => ({ status: 200, headers: { link }, body: '' });

  it('is what the front page’s Link header names', () => {
    expect(restRootOf(page('<https://shop.example/api/>; rel="https://api.w.org/"'), 'https://shop.example')).toBe(
      'https://shop.example/api/',
    );
  });

  it('keeps the scheme and port that we use, for shops behind a proxy', () => {
    expect(restRootOf(page('<http://shop.example/api>; rel="https://api.w.org/"'), 'https://shop.example')).toBe(
      'https://shop.example/api/',
    );
  });

  it.each([
    ['another host', '<https://evil.example/wp-json/>; rel="https://api.w.org/"'],
    ['plain permalinks', '<https://shop.example/?rest_route=/>; rel="https://api.w.org/"'],
    ['no such link', '<https://shop.example/feed/>; rel="alternate"'],
  ])('is unknown with %s', (_, link) => {
    expect(restRootOf(page(link), 'https://shop.example')).toBeNull();
  });
});
