import { createSecretKey, type KeyObject } from 'node:crypto';
import { associatedData, decrypt, encrypt, KEY_BYTES } from './aes-gcm.js';
import { VaultError } from './vault-error.js';

/** Separates what a master key wraps from everything else that may ever be encrypted with it. */
const WRAPPED_TENANT_KEY = 0x10;
const DEFAULT_ID = 'k1';
const ID_PATTERN = /^[A-Za-z0-9._-]{1,32}$/;
const BASE64_PATTERN = /^[A-Za-z0-9+/_-]+={0,2}$/;
const HOW_TO_MAKE_ONE = 'Make one with: openssl rand -base64 32';

/** The installation's keys. They wrap tenants' keys and nothing else; never stored, never printed. */
export class MasterKeys {
  readonly #keys: ReadonlyMap<string, KeyObject>;

  private constructor(
    readonly activeId: string,
    keys: ReadonlyMap<string, KeyObject>,
  ) {
    this.#keys = keys;
  }

  /**
   * `id:base64` separated by commas: the first wraps, the others only unwrap. One bare base64 gets the id `k1`.
   * Each key is 32 bytes. Throws {@link VaultError} `bad-master-keys`, which names positions and never quotes the text.
   */
  static parse(text: string): MasterKeys {
    const entries = text.split(',').map((entry) => entry.trim());
    const keys = new Map<string, KeyObject>();
    entries.forEach((entry, index) => {
      const place = entries.length === 1 ? 'The master key' : `Master key ${index + 1} of ${entries.length}`;
      const [id, key] = parseEntry(entry, place, entries.length === 1);
      if (keys.has(id)) throw bad(`${place} has the id of an earlier one. Give each key an id of its own.`);
      keys.set(id, key);
    });
    const [activeId] = keys.keys();
    if (activeId === undefined) throw bad(`No master key was given. ${HOW_TO_MAKE_ONE}`);
    return new MasterKeys(activeId, keys);
  }

  /** Wraps under the active key. `boundTo` must be given again to unwrap. */
  wrap(key: Buffer, boundTo: readonly string[]): Buffer {
    return encrypt(this.#key(this.activeId), key, associatedData(WRAPPED_TENANT_KEY, boundTo));
  }

  /** Throws {@link VaultError} `master-key-missing` or `master-key-wrong`. */
  unwrap(masterKeyId: string, wrapped: Buffer, boundTo: readonly string[]): Buffer {
    const key = decrypt(this.#key(masterKeyId), wrapped, associatedData(WRAPPED_TENANT_KEY, boundTo));
    if (key === null) {
      throw new VaultError(
        'master-key-wrong',
        `The database holds keys (${boundTo.join(', ')}) that master key "${masterKeyId}" does not open: they were wrapped by another key of that id, or the row is damaged. Give the key that was in use when they were made.`,
      );
    }
    return key;
  }

  #key(id: string): KeyObject {
    const key = this.#keys.get(id);
    if (key === undefined) {
      throw new VaultError(
        'master-key-missing',
        `The database holds keys wrapped by master key "${id}", which was not given. Add it behind the active one (TRIBUTARY_MASTER_KEY=new:…,${id}:…) until everything is re-wrapped.`,
      );
    }
    return key;
  }
}

function parseEntry(entry: string, place: string, isAlone: boolean): [string, KeyObject] {
  if (entry === '') throw bad(`${place} is empty. ${HOW_TO_MAKE_ONE}`);
  const colon = entry.indexOf(':');
  if (colon === -1 && !isAlone) throw bad(`${place} has no id. Write id:base64 for each, when there is more than one.`);
  const id = colon === -1 ? DEFAULT_ID : entry.slice(0, colon);
  const base64 = entry.slice(colon + 1);
  if (!ID_PATTERN.test(id)) throw bad(`${place} has an id that is not 1–32 letters, digits, dots, dashes or underscores.`);
  if (!BASE64_PATTERN.test(base64)) throw bad(`${place} is not base64. ${HOW_TO_MAKE_ONE}`);
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length !== KEY_BYTES) throw bad(`${place} has ${bytes.length} bytes and needs ${KEY_BYTES}. ${HOW_TO_MAKE_ONE}`);
  return [id, createSecretKey(bytes)];
}

const bad = (message: string): VaultError => new VaultError('bad-master-keys', message);
