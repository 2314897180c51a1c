import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SubjectKind } from '@tributary/domain';
import { subjectLookup } from './subject-lookup.js';

interface Golden {
  readonly identityKeyHex: string;
  readonly vectors: readonly { readonly kind: SubjectKind; readonly normalised: string; readonly lookupHex: string }[];
}

const golden = JSON.parse(readFileSync(join(__dirname, '../../../test/fixtures/golden/subject-lookup.json'), 'utf8')) as Golden;

describe('subject lookups', () => {
  it.each(golden.vectors)('of a $kind are those that stored subjects were found by', ({ kind, normalised, lookupHex }) => {
    const identityKey = createSecretKey(Buffer.from(golden.identityKeyHex, 'hex'));
    expect(subjectLookup(identityKey, kind, normalised).toString('hex')).toBe(lookupHex);
  });
});
