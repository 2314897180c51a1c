import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprintOf } from './fingerprint.js';

const golden = JSON.parse(readFileSync(join(__dirname, '../../../test/fixtures/golden/fingerprint.json'), 'utf8')) as {
  readonly keyHex: string;
  readonly vectors: readonly { readonly text: string; readonly fingerprint: string }[];
};

const key = (hex: string) => createSecretKey(hex, 'hex');

it.each(golden.vectors)('the fingerprint of $text is kept for ever', ({ text, fingerprint }) => {
  expect(fingerprintOf(key(golden.keyHex), text)).toBe(fingerprint);
});

it('differs under another key', () => {
  const [vector] = golden.vectors;
  expect(fingerprintOf(key('ff'.repeat(32)), vector!.text)).not.toBe(vector!.fingerprint);
});
