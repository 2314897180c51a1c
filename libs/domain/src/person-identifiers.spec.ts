import fc from 'fast-check';
import fixture from '../../../test/fixtures/tiktok/normalisation.json';
import {
  isPublicIp,
  normaliseEmail,
  normaliseExternalId,
  normaliseName,
  normalisePhone,
  normaliseZip,
  publicIpOf,
  sha256Of,
  type PersonIdentifier,
} from './person-identifiers.js';

type Vector = (typeof fixture.vectors)[number];

function normalise({ field, input, billingCountry }: Vector): PersonIdentifier | null {
  switch (field) {
    case 'email':
      return normaliseEmail(input);
    case 'phone':
      return normalisePhone(input, [billingCountry]);
    case 'external_id':
      return normaliseExternalId(input);
    case 'zip_code':
      return normaliseZip(input);
    case 'first_name':
    case 'last_name':
      return normaliseName(input);
    default:
      throw new Error(`the fixture has a field that nothing normalises: ${field}`);
  }
}

const clear = (value: string): PersonIdentifier => ({ kind: 'clear', value });

describe('worked vectors', () => {
  it.each(fixture.vectors)('$id: $field is normalised and hashed as worked out', (vector) => {
    const identifier = normalise(vector);
    expect(identifier?.kind === 'clear' ? identifier.value : null).toBe(vector.normalised);
    expect(identifier === null ? null : sha256Of(identifier)).toBe(vector.sha256);
  });

  it('covers every field that is hashed', () => {
    expect(new Set(fixture.vectors.map(({ field }) => field))).toEqual(
      new Set(['email', 'phone', 'external_id', 'first_name', 'last_name', 'zip_code']),
    );
  });
});

const normalisers = {
  email: normaliseEmail,
  phone: (text: string) => normalisePhone(text, ['US']),
  externalId: normaliseExternalId,
  name: normaliseName,
  zip: normaliseZip,
};

describe.each(Object.entries(normalisers))('every normaliser (%s)', (_name, normaliser) => {
  it.each(['', ' ', '\u00a0\n', 'undefined', 'null', ' NULL '])('takes %j for nothing', (text) => {
    expect(normaliser(text)).toBeNull();
  });

  it('lets a hash through in lower case and never hashes it again', () => {
    const sha256 = '67e28cdcc3e845d3a4da05ca9fe5ddb7320a83b4cc2167f0555a3b04f63511e3';
    const identifier = normaliser(` ${sha256.toUpperCase()} `);
    expect(identifier).toEqual({ kind: 'hashed', sha256 });
    expect(identifier && sha256Of(identifier)).toBe(sha256);
  });

  it('changes nothing the second time, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = normaliser(text);
        return once === null || once.kind === 'hashed' || JSON.stringify(normaliser(once.value)) === JSON.stringify(once);
      }),
    );
  });
});

describe('mail', () => {
  it.each(['nobody', '@', 'someone@', '@example.com'])('refuses %j', (text) => expect(normaliseEmail(text)).toBeNull());

  it('keeps dots and suffixes', () => {
    expect(normaliseEmail('Zoe.OHiggins+promo@Example.COM')).toEqual(clear('zoe.ohiggins+promo@example.com'));
  });
});

describe('phone', () => {
  it.each([
    ['an international number, whatever the country', '+56 9 8765 4321', ['US'], '+56987654321'],
    ['the first country that is known', '9 8765 4321', [null, '', 'XX', 'cl'], '+56987654321'],
    ['an invalid but international number as it is', '+12 345-432 ext. 9', [null], '+12345432'],
    ['full-width and Arabic-Indic digits', '＋١٢٣٤٥٤٣٢', [null], '+12345432'],
  ])('takes %s', (_what, text, countries, expected) => {
    expect(normalisePhone(text, countries)).toEqual(clear(expected));
  });

  it.each([
    ['no number of the billing country', '(032) 212-3456', ['CL']],
    ['a number of the second country when the first is known', '9 8765 4321', ['US', 'CL']],
    ['too few digits', '+123456', [null]],
    ['too many digits', '+1234567890123456', [null]],
    ['words', 'call me', ['CL']],
  ])('refuses %s', (_what, text, countries) => {
    expect(normalisePhone(text, countries)).toBeNull();
  });
});

describe('names and postal codes', () => {
  it.each([
    ['decomposed and composed letters meet', 'Mu\u0308ller', 'müller'],
    ['inner white space goes', ' 測\u3000試 ', '測試'],
    ['right-to-left letters stay', 'اسم', 'اسم'],
  ])('%s', (_what, text, expected) => expect(normaliseName(text)).toEqual(clear(expected)));

  it('finds nothing in what only spaces and dashes hide', () => {
    expect(normaliseName('un defined')).toBeNull();
    expect(normaliseZip(' - – ')).toBeNull();
  });

  it('drops dashes of any kind from a postal code', () => expect(normaliseZip('94105–1234-X')).toEqual(clear('941051234x')));
});

describe('public addresses', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    [' 8.8.8.8 ', '8.8.8.8'],
    ['100.63.255.255', '100.63.255.255'],
    ['172.32.0.1', '172.32.0.1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['2a00:1450:4001:81b::200e', '2a00:1450:4001:81b::200e'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::ffff:cb00:7109', '203.0.113.9'],
  ])('%s is public and written %s', (text, expected) => expect(publicIpOf(text)).toBe(expected));

  it.each([
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['private', '192.168.1.1'],
    ['loopback', '127.0.0.1'],
    ['link-local', '169.254.1.1'],
    ['carrier-grade NAT', '100.64.0.1'],
    ['carrier-grade NAT', '100.127.255.255'],
    ['unspecified', '0.0.0.0'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['mapped private', '::ffff:192.168.1.1'],
    ['mapped private', '::ffff:c0a8:101'],
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['unique-local', 'fd00::1'],
    ['multicast', 'ff02::1'],
    ['text', 'localhost'],
    ['a list', '203.0.113.9, 203.0.113.10'],
    ['with a port', '203.0.113.9:443'],
    ['octal-looking', '010.0.0.1'],
    ['empty', ''],
  ])('%s is not public: %s', (_what, text) => expect(isPublicIp(text)).toBe(false));
});
