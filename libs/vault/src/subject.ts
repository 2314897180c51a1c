import { createSecretKey, type KeyObject } from 'node:crypto';
import type { SubjectId, TenantId } from '@tributary/domain';

/** A person or thing as the log knows it, with the key that its records are sealed under. The key prints nowhere. */
export class Subject {
  /** As latin1 text: many thousands are cached, and a KeyObject weighs some 500 bytes more. */
  readonly #key: string;

  constructor(
    readonly tenantId: TenantId,
    readonly subjectId: SubjectId,
    key: Buffer,
  ) {
    this.#key = key.toString('latin1');
  }

  sealingKey(): KeyObject {
    return createSecretKey(this.#key, 'latin1');
  }
}
