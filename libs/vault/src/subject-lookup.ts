import { createHmac, type KeyObject } from 'node:crypto';
import type { SubjectKind, SubjectRef } from '@tributary/domain';
import { VaultError } from './vault-error.js';

const SHA256_HEX = /^[0-9a-f]{64}$/;
const IS_HASHED: Readonly<Record<SubjectKind, boolean>> = { email: true, phone: true, visitor: false, customer: false, order: false };

/**
 * HMAC-SHA256 under the tenant's identity key over `kind · 0x00 · normalised` (UTF-8), 32 bytes.
 * Golden vectors: test/fixtures/golden/subject-lookup.json. Changing one byte splits every person in two.
 */
export const subjectLookup = (identityKey: KeyObject, kind: SubjectKind, normalised: string): Buffer =>
  createHmac('sha256', identityKey).update(`${kind}\0${normalised}`).digest();

/** Throws {@link VaultError} `bad-subject` for what would be looked up under a form that nobody else uses. */
export function assertLookupForm(ref: SubjectRef): void {
  if (IS_HASHED[ref.kind] && !SHA256_HEX.test(ref.normalised)) {
    throw new VaultError(
      'bad-subject',
      `A subject of kind ${ref.kind} is looked up by the SHA-256 of its normalised value, as 64 lower-case hex digits; got ${ref.normalised.length} characters of something else.`,
    );
  }
  if (ref.normalised === '')
    throw new VaultError('bad-subject', `A subject of kind ${ref.kind} needs a value; got an empty text. Leave the reference out.`);
}
