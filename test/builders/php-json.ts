import { createHmac } from 'node:crypto';

/** JSON as PHP's `wp_json_encode` writes it: slashes escaped, everything beyond ASCII as `\uXXXX` in lower-case hex. */
export const phpJson = (value: unknown): string =>
  JSON.stringify(value)
    .replaceAll('/', '\\/')
    .replace(/[^\0-\x7F]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** What `X-WC-Webhook-Signature` must say. */
export const webhookSignature = (rawBody: Buffer, secret: string): string => createHmac('sha256', secret).update(rawBody).digest('base64');
