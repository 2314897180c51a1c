import { queryParameterOf, shareableUrl } from './landing-url.js';

describe('an address that a vendor may see', () => {
  it.each([
    ['keeps campaigns and clicks', 'https://s.example/p?utm_source=tiktok&utm_name=a&ttclid=E.C&gclid=x&color=blue'],
    ['keeps a plain page', 'https://s.example/a/b%20c/'],
    ['keeps parameters without a value', 'https://s.example/?sale'],
  ])('%s', (_what, url) => expect(shareableUrl(url)).toBe(url));

  it.each([
    'email=a',
    'EMAIL=a',
    'e-mail=a',
    'mail=a',
    'name=a',
    'first_name=a',
    'firstName=a',
    'billing%5Bphone%5D=1',
    'billing_email=a',
    'useremail=a',
    'token=a',
    'access_token=a',
    'accesstoken=a',
    'key=wc_order_a',
    'order_key=a',
    'password=a',
    'client_secret=a',
    'ref=maria.perez%40example.com',
    'utm_content=maria.perez@example.com',
    'next=https%3A%2F%2Fs.example%2F%3Femail%3Dmaria',
    'next=https%253A%252F%252Fs.example%252F%253Fu%253Dmaria.perez%252540example.com',
  ])('loses %s', (pair) => expect(shareableUrl(`https://s.example/p?a=1&${pair}&b=2`)).toBe('https://s.example/p?a=1&b=2'));

  it('loses the fragment, the user and a path that holds a mail address', () => {
    expect(shareableUrl('https://maria:pw@s.example/unsubscribe/maria.perez%40example.com?a=1#email=x')).toBe('https://s.example/?a=1');
  });

  it.each(['', '(direct)', '/relative', 'javascript:alert(1)', 'ftp://s.example/'])('is not %j', (url) =>
    expect(shareableUrl(url)).toBeNull(),
  );

  it('survives broken encoding', () => expect(shareableUrl('https://s.example/?a=%E0%A4%A&b=1')).toBe('https://s.example/?a=%E0%A4%A&b=1'));
});

it.each([
  ['https://s.example/?ttclid=E.C.P.1', 'E.C.P.1'],
  ['https://s.example/?ttclid=', null],
  ['https://s.example/', null],
  ['nonsense', null],
])('finds the click id of %s', (url, expected) => expect(queryParameterOf(url, 'ttclid')).toBe(expected));
