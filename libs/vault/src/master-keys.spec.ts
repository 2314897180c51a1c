import { MasterKeys } from './master-keys.js';

const key = (byte: number, length = 32): string => Buffer.alloc(length, byte).toString('base64');
const ROW = ['acme', 'wrapping', '1'];

describe('master keys', () => {
  it('wrap with the first and unwrap with any', () => {
    const old = MasterKeys.parse(`2025:${key(1)}`);
    const both = MasterKeys.parse(` 2026:${key(2)} , 2025:${key(1)}`);
    expect(both.activeId).toBe('2026');
    expect(both.unwrap('2025', old.wrap(Buffer.alloc(32, 5), ROW), ROW)).toEqual(Buffer.alloc(32, 5));
    expect(both.unwrap('2026', both.wrap(Buffer.alloc(32, 5), ROW), ROW)).toEqual(Buffer.alloc(32, 5));
  });

  it('take one bare key as k1, in either base64 alphabet', () => {
    expect(MasterKeys.parse(key(255)).activeId).toBe('k1');
    expect(MasterKeys.parse(Buffer.alloc(32, 255).toString('base64url')).activeId).toBe('k1');
  });

  it('open a key in its own row only', () => {
    const keys = MasterKeys.parse(key(1));
    const wrapped = keys.wrap(Buffer.alloc(32), ROW);
    expect(() => keys.unwrap('k1', wrapped, ['other', 'wrapping', '1'])).toThrow('does not open');
  });

  it.each([
    ['', 'The master key is empty. Make one with: openssl rand -base64 32'],
    [`a:${key(1)},`, 'Master key 2 of 2 is empty'],
    [`${key(1)},b:${key(2)}`, 'Master key 1 of 2 has no id'],
    [`a:${key(1)},a:${key(2)}`, 'Master key 2 of 2 has the id of an earlier one'],
    [`a:${key(1, 16)}`, 'The master key has 16 bytes and needs 32'],
    [`a:${key(1)}!`, 'The master key is not base64'],
    [`${key(1)}:a`, 'The master key has an id that is not'],
  ])('refuse text %# with the reason and never quote it', (text, reason) => {
    const parse = (): MasterKeys => MasterKeys.parse(text);
    expect(parse).toThrow(reason);
    expect(parse).not.toThrow(/AQEBAQ|AgICAg/);
  });
});
