import type { KeyObject } from 'node:crypto';
import type { SubjectId, TenantId } from '@tributary/domain';
import { associatedData, decrypt, encrypt, freshIv } from './aes-gcm.js';
import { VaultError } from './vault-error.js';

/** What sealed bytes are bound to: moved to another topic or event, they do not open. */
export interface SealContext {
  readonly topic: string;
  readonly eventId: string;
}

/** Written into topics that are kept for ever: the bytes of a format never change, a change is a new format. */
const RECORD_FORMAT = 1;
const PAYLOAD_FORMAT = 2;
const RECORD_HEADER = Buffer.of(RECORD_FORMAT);
const PAYLOAD_HEADER_BYTES = 5;

/**
 * Personal part of a record, under its subject's key:
 * `0x01 · iv (12) · ciphertext · tag (16)`, AES-256-GCM; associated data = `0x01`, then tenant id, topic, subject id and event id,
 * each as uint32 big-endian length and UTF-8 bytes.
 */
export function sealRecord(
  key: KeyObject,
  tenantId: TenantId,
  subjectId: SubjectId,
  plaintext: Uint8Array,
  context: SealContext,
  iv: Uint8Array = freshIv(),
): Buffer {
  return encrypt(key, plaintext, recordData(tenantId, subjectId, context), RECORD_HEADER, iv);
}

/** Throws {@link VaultError} `seal-broken` or `seal-of-unknown-format`. */
export function openRecord(
  key: KeyObject,
  tenantId: TenantId,
  subjectId: SubjectId,
  sealed: Buffer,
  context: SealContext,
  position: number | null = null,
): Buffer {
  if (sealed[0] !== RECORD_FORMAT) throw unknownFormat(sealed, RECORD_FORMAT, position);
  const plaintext = decrypt(key, sealed, recordData(tenantId, subjectId, context), RECORD_HEADER.length);
  if (plaintext === null) {
    throw new VaultError(
      'seal-broken',
      `The record sealed under subject ${subjectId} does not open with its key: it was damaged, or sealed for another tenant, topic or event.`,
      position,
    );
  }
  return plaintext;
}

/**
 * What belongs to no person yet (rejected and spooled bodies), under a version of the tenant's payload key:
 * `0x02 · version (uint32, big endian) · iv (12) · ciphertext · tag (16)`; associated data = `0x02`, then tenant id, version in
 * decimal, topic and event id, each as uint32 big-endian length and UTF-8 bytes.
 */
export function sealPayload(
  key: KeyObject,
  version: number,
  tenantId: TenantId,
  plaintext: Uint8Array,
  context: SealContext,
  iv: Uint8Array = freshIv(),
): Buffer {
  const header = Buffer.allocUnsafe(PAYLOAD_HEADER_BYTES);
  header.writeUInt8(PAYLOAD_FORMAT, 0);
  header.writeUInt32BE(version, 1);
  return encrypt(key, plaintext, payloadData(tenantId, version, context), header, iv);
}

/** Version of the payload key that opens these bytes. Throws {@link VaultError} `seal-of-unknown-format`. */
export function payloadKeyVersion(sealed: Buffer): number {
  if (sealed[0] !== PAYLOAD_FORMAT || sealed.length < PAYLOAD_HEADER_BYTES) throw unknownFormat(sealed, PAYLOAD_FORMAT, null);
  return sealed.readUInt32BE(1);
}

/** Throws {@link VaultError} `seal-broken` or `seal-of-unknown-format`. */
export function openPayload(key: KeyObject, tenantId: TenantId, sealed: Buffer, context: SealContext): Buffer {
  const version = payloadKeyVersion(sealed);
  const plaintext = decrypt(key, sealed, payloadData(tenantId, version, context), PAYLOAD_HEADER_BYTES);
  if (plaintext === null) {
    throw new VaultError(
      'seal-broken',
      `The payload sealed under payload key ${version} of tenant ${tenantId} does not open: it was damaged, or sealed for another tenant, topic or event.`,
    );
  }
  return plaintext;
}

const recordData = (tenantId: TenantId, subjectId: SubjectId, context: SealContext): Buffer =>
  associatedData(RECORD_FORMAT, [tenantId, context.topic, subjectId, context.eventId]);

const payloadData = (tenantId: TenantId, version: number, context: SealContext): Buffer =>
  associatedData(PAYLOAD_FORMAT, [tenantId, String(version), context.topic, context.eventId]);

const unknownFormat = (sealed: Buffer, expected: number, position: number | null): VaultError =>
  new VaultError(
    'seal-of-unknown-format',
    `Sealed bytes begin with format ${sealed[0] ?? 'nothing'}; this release opens format ${expected} here. Were they written by a newer release?`,
    position,
  );
