import { cookieOf } from './visitor-cookie.js';

describe('a cookie', () => {
  it.each([
    ['a=b; _ttoaid=x; c=d', 'x'],
    ['_ttoaid=x', 'x'],
    ['_ttoaid=first; _ttoaid=second', 'first'],
    ['not_ttoaid=x', ''],
    ['_ttoaid2=x', ''],
    ['_ttoaid=a%20b', 'a b'],
    ['_ttoaid=%E0%A4%A', '%E0%A4%A'],
    ['_ttoaid=', ''],
    ['_ttoaid', ''],
    ['', ''],
    [`${'x'.repeat(20_000)}; _ttoaid=x`, ''],
  ])('of %.40s is %j', (header, expected) => expect(cookieOf(header, '_ttoaid')).toBe(expected));

  it('of no header is empty', () => expect(cookieOf(undefined, '_ttoaid')).toBe(''));
});
