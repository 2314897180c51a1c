import { createHmac, type KeyObject } from 'node:crypto';

const PURPOSE = 'tributary-fingerprint-1\0';

/**
 * HMAC-SHA256 hex of a text (UTF-8) under its subject's key: equal for equal texts, and nothing to guess a person from once the key is
 * erased. Golden vectors: test/fixtures/golden/fingerprint.json. Changing it publishes every customer again.
 */
export const fingerprintOf = (key: KeyObject, text: string): string => createHmac('sha256', key).update(PURPOSE).update(text).digest('hex');
