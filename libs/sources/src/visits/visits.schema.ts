import { isTenantOrConnectionId } from '@tributary/domain';
import { z } from 'zod';
import { isNetwork } from './client-address.js';

const isOrigin = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text;
const MAX_EVENTS_PER_SECOND = 1_000_000;

/** A connection that takes visits of a shop's pages, without its write key. */
export const visitsSettingsSchema = z.strictObject({
  shop: z.string().refine(isTenantOrConnectionId, 'is the id of the woocommerce connection whose visitors these are'),
  /** Without any: the origin of the shop's own address. */
  allowedOrigins: z.array(z.string().refine(isOrigin, 'must be an origin such as https://shop.example, without a path')).default([]),
  /** What each process of ingest takes of this connection; null: what the installation allows. */
  eventsPerSecond: z.int().min(1).max(MAX_EVENTS_PER_SECOND).nullable().default(null),
  /** Whether programs that name themselves in their User-Agent are refused; off for a connection that servers send to. */
  filterBots: z.boolean().default(true),
  /** The shop's own reverse proxies, beside those of the installation: what they say of a client's address is believed. */
  trustedProxies: z
    .array(z.string().refine(isNetwork, 'must be an address or a network such as 203.0.113.7 or 203.0.113.0/24'))
    .default([]),
});

export type VisitsSettings = z.infer<typeof visitsSettingsSchema>;

const writeKeySchema = z.string().regex(/^[A-Za-z0-9_-]{16,}$/, 'must be at least 16 of A–Z, a–z, 0–9, _ and -');

/** Not a secret to visitors (it stands in the shop's pages), but whoever has it can send visits. Two while one replaces the other. */
export const visitsSecretsSchema = z.strictObject({
  writeKey: z.union([writeKeySchema.transform((key) => [key]), z.array(writeKeySchema).min(1).max(2)]),
});
