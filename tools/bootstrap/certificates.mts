import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** A server's certificate with the key that belongs to it. */
export interface ServerCertificate {
  readonly certificatePem: string;
  /** PKCS #8. */
  readonly keyPem: string;
}

/** A certificate authority for tests; good for a month. */
export interface CertificateAuthority {
  readonly caPem: string;
  /** For a server that is called by any of these names (DNS names and IPv4 addresses). */
  issue(...names: readonly string[]): ServerCertificate;
}

const DAY_MS = 86_400_000;
const VALID_DAYS = 30;

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
const BASIC_CONSTRAINTS = '2.5.29.19';
const KEY_USAGE = '2.5.29.15';
const SUBJECT_ALT_NAME = '2.5.29.17';

/** Tags of DER (X.690); `context` are those of X.509 itself. */
const TAG = { boolean: 1, integer: 2, bitString: 3, octetString: 4, oid: 6, utf8: 12, utcTime: 23, sequence: 48, set: 49 } as const;
const context = (number: number, isConstructed: boolean): number => 0x80 + (isConstructed ? 0x20 : 0) + number;

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), body]);
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytesOf = (arc: number): number[] => {
    const bytes = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) bytes.unshift(0x80 | (left & 0x7f));
    return bytes;
  };
  return der(TAG.oid, Buffer.from([first * 40 + second, ...rest.flatMap(bytesOf)]));
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(TAG.sequence, ...parts);
const bitString = (unusedBits: number, bytes: Buffer): Buffer => der(TAG.bitString, Buffer.from([unusedBits]), bytes);
const isTrue = der(TAG.boolean, Buffer.from([0xff]));
const distinguishedName = (name: string): Buffer => sequence(der(TAG.set, sequence(oid(COMMON_NAME), der(TAG.utf8, Buffer.from(name)))));
/** YYMMDDhhmmssZ. */
const utcTime = (moment: Date): Buffer => der(TAG.utcTime, Buffer.from(`${moment.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`));
const extension = (id: string, isCritical: boolean, value: Buffer): Buffer =>
  sequence(oid(id), ...(isCritical ? [isTrue] : []), der(TAG.octetString, value));
const alternativeName = (name: string): Buffer =>
  isIPv4(name) ? der(context(7, false), Buffer.from(name.split('.').map(Number))) : der(context(2, false), Buffer.from(name));

const pem = (label: string, bytes: Buffer): string =>
  `-----BEGIN ${label}-----\n${(bytes.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`;

interface Request {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly signingKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

/** An X.509 version 3 certificate. @see https://www.rfc-editor.org/rfc/rfc5280#section-4.1 */
function certificate({ subject, issuer, publicKey, signingKey, extensions }: Request): string {
  const algorithm = sequence(oid(ECDSA_WITH_SHA256));
  const now = Date.now();
  const body = sequence(
    der(context(0, true), der(TAG.integer, Buffer.from([2]))),
    der(TAG.integer, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    distinguishedName(issuer),
    sequence(utcTime(new Date(now - DAY_MS)), utcTime(new Date(now + VALID_DAYS * DAY_MS))),
    distinguishedName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(context(3, true), sequence(...extensions)),
  );
  return pem('CERTIFICATE', sequence(body, algorithm, bitString(0, sign('sha256', body, signingKey))));
}

/** A new authority that nobody trusts yet. */
export function newAuthority(name = 'Tributary test authority'): CertificateAuthority {
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const mayOnlySign = [
    extension(BASIC_CONSTRAINTS, true, sequence(isTrue)),
    extension(KEY_USAGE, true, bitString(2, Buffer.from([0b100]))),
  ];
  const caPem = certificate({
    subject: name,
    issuer: name,
    publicKey: authority.publicKey,
    signingKey: authority.privateKey,
    extensions: mayOnlySign,
  });
  return {
    caPem,
    issue(...names) {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const extensions = [extension(SUBJECT_ALT_NAME, false, sequence(...names.map(alternativeName)))];
      return {
        certificatePem: certificate({ subject: names[0] ?? '', issuer: name, publicKey, signingKey: authority.privateKey, extensions }),
        keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      };
    },
  };
}
