import { createHmac, timingSafeEqual } from 'node:crypto';

const ENTITY = /&(?:#0*(39|34|60|62|38)|#x0*(27|22|26)|(quot|lt|gt|amp));/gi;
const NAMED: Readonly<Record<string, string>> = { quot: '"', lt: '<', gt: '>', amp: '&' };
const SIGNATURE_CHARS = 44;

/**
 * WordPress' `wp_specialchars_decode($secret, ENT_QUOTES)`, which WooCommerce applies to a webhook's secret before it signs.
 * One pass: `&amp;lt;` becomes `&lt;`.
 * @see https://developer.wordpress.org/reference/functions/wp_specialchars_decode (read 2026-11-21)
 */
export function decodeSpecialChars(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(ENTITY, (entity: string, decimal?: string, hex?: string, name?: string) => {
    if (decimal !== undefined) return String.fromCharCode(Number(decimal));
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    // Only numeric entities may be written in capitals.
    return NAMED[name ?? ''] ?? entity;
  });
}

const sign = (rawBody: Buffer, key: string): Buffer => Buffer.from(createHmac('sha256', key).update(rawBody).digest('base64'), 'latin1');

/**
 * Whether `header` (`X-WC-Webhook-Signature`) is the base64 HMAC-SHA256 of the raw body under one of the secrets, as given or with its
 * HTML entities decoded, as the shop does. False for a missing or garbled header and for empty secrets.
 */
export function isSignatureValid(rawBody: Buffer, header: string | undefined, secrets: readonly string[]): boolean {
  const given = Buffer.from(header ?? '', 'latin1');
  if (given.length !== SIGNATURE_CHARS) return false;
  const keys = new Set(secrets.flatMap((secret) => [decodeSpecialChars(secret), secret]));
  keys.delete('');
  return [...keys].some((key) => timingSafeEqual(given, sign(rawBody, key)));
}
