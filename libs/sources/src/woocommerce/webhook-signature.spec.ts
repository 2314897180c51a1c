import { allCaptures, withBody } from '../../../../test/builders/captured-webhooks.js';
import { webhookSignature } from '../../../../test/builders/php-json.js';
import { decodeSpecialChars, isSignatureValid } from './webhook-signature.js';

const body = Buffer.from('{"id":18}');
const signed = allCaptures().filter(({ secret }) => secret !== null);

describe('isSignatureValid', () => {
  it.each(signed)('takes the signature of $name', ({ rawBody, headers, secret }) => {
    expect(isSignatureValid(rawBody, headers['x-wc-webhook-signature'], [secret!])).toBe(true);
  });

  it('takes either secret while one replaces the other', () => {
    for (const secret of ['new', 'old']) expect(isSignatureValid(body, webhookSignature(body, secret), ['new', 'old'])).toBe(true);
  });

  it('decodes HTML entities of the secret as the shop does, and takes the secret as given', () => {
    for (const key of ['x&y', 'x&amp;y']) expect(isSignatureValid(body, webhookSignature(body, key), ['x&amp;y'])).toBe(true);
    expect(isSignatureValid(body, webhookSignature(body, 'x&amp;amp;y'), ['x&amp;y'])).toBe(false);
  });

  it.each(['clave ñandú ☕', '秘密', ' blanks ', `'"<>\\`])('signs with the UTF-8 bytes of %s', (secret) => {
    expect(isSignatureValid(body, webhookSignature(body, secret), [secret])).toBe(true);
  });

  it('refuses another secret, another body and a body that was written again', () => {
    const capture = signed.find(({ name }) => name.startsWith('024'))!;
    const header = capture.headers['x-wc-webhook-signature'];
    expect(isSignatureValid(capture.rawBody, header, ['s3cret-lab'])).toBe(false);
    expect(isSignatureValid(Buffer.concat([capture.rawBody, Buffer.from(' ')]), header, [capture.secret!])).toBe(false);
    const written = Buffer.from(JSON.stringify(JSON.parse(capture.rawBody.toString('utf8'))));
    expect(isSignatureValid(written, header, [capture.secret!])).toBe(false);
    expect(withBody(capture, { id: 1 }).headers['x-wc-webhook-signature']).not.toBe(header);
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['cut', webhookSignature(body, 's').slice(0, 40)],
    ['hexadecimal', Buffer.from(webhookSignature(body, 's'), 'base64').toString('hex')],
    ['URL-safe', webhookSignature(body, 's').replaceAll('+', '-').replaceAll('/', '_').replace('=', '')],
    ['of the right length and wrong', 'A'.repeat(43) + '='],
    ['of the right length and not ASCII', 'é'.repeat(44)],
    ['of the right length and beyond Latin', '☕'.repeat(44)],
  ])('refuses a header that is %s', (_, header) => {
    expect(isSignatureValid(body, header, ['s'])).toBe(false);
  });

  it('refuses everything without a secret', () => {
    expect(isSignatureValid(body, webhookSignature(body, ''), [])).toBe(false);
    expect(isSignatureValid(body, webhookSignature(body, ''), [''])).toBe(false);
  });
});

describe('decodeSpecialChars', () => {
  it.each([
    ['no entity', 'no entity'],
    ['&amp;&lt;&gt;&quot;', '&<>"'],
    ['&#039;&#39;&#x27;&#X0027;', "''''"],
    ['&#034;&#x22;&#060;&#062;&#038;&#x26;', '""<>&&'],
    ['&amp;lt;', '&lt;'],
    ['&AMP; &apos; &#x3c; &#65; &amp', '&AMP; &apos; &#x3c; &#65; &amp'],
  ])('reads %s as WordPress does', (text, decoded) => {
    expect(decodeSpecialChars(text)).toBe(decoded);
  });
});
