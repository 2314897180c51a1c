import { isTenantOrConnectionId } from '@tributary/domain';
import { z } from 'zod';

const isOrigin = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text;

/** A connection that takes visits of a shop's pages, without its write key. */
export const visitsSettingsSchema = z.strictObject({
  shop: z.string().refine(isTenantOrConnectionId, 'is the id of the woocommerce connection whose visitors these are'),
  allowedOrigins: z.array(z.string().refine(isOrigin, 'must be an origin such as https://shop.example, without a path')).default([]),
});

/** Not a secret to visitors (it stands in the shop's pages), but whoever has it can send visits. */
export const visitsSecretsSchema = z.strictObject({
  writeKey: z.string().regex(/^[A-Za-z0-9_-]{16,}$/, 'must be at least 16 of A–Z, a–z, 0–9, _ and -'),
});
