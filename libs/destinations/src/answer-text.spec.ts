import { requestIdOf, scrubbed } from './answer-text.js';

describe('a vendor’s message', () => {
  it.each([
    ['mail addresses', 'bad mail maria.perez@example.com here', 'bad mail […] here'],
    ['hashes', `email ${'67e28cdc'.repeat(8)} twice`, 'email […] twice'],
    ['phones', 'phone +56 9 8765-4321.', 'phone […].'],
    ['long numbers', 'order 12345678 unknown', 'order […] unknown'],
    ['addresses', 'ip 203.0.113.9 or 2001:db8::1:2', 'ip […] or […]'],
    ['links', 'page https://shop.example/?x=1 failed', 'page […] failed'],
    ['quoted values', 'first_name "María" is not hashed', 'first_name […] is not hashed'],
  ])('loses %s', (_what, message, expected) => expect(scrubbed(message)).toBe(expected));

  it.each([
    'data.0.properties.contents.0.content_id: expected string',
    'The field "event_id" is required',
    "It doesn’t work and it doesn't say why, isn't it",
    'Rate limit 600 per minute reached (code 40100)',
  ])('keeps %s', (message) => expect(scrubbed(message)).toBe(message));

  it('is one line of at most 300 characters', () => expect(scrubbed(`a\n${'b '.repeat(400)}`)).toMatch(/^a b [b ]{296}$/));
});

it.each([
  ['2026112110-ABC', '2026112110-ABC'],
  ['a b', null],
  [7, null],
  [undefined, null],
])('request id %p is kept as %p', (value, expected) => expect(requestIdOf(value)).toBe(expected));
