import type { Destination } from '@tributary/domain';
import type { z } from 'zod';
import { trackingtechDestination } from './trackingtech/trackingtech.destination.js';
import { trackingtechExample, trackingtechSecretsSchema, trackingtechSettingsSchema } from './trackingtech/trackingtech.schema.js';
import { tiktokDestination } from './tiktok/tiktok.destination.js';
import { tiktokExample, tiktokSecretsSchema, tiktokSettingsSchema } from './tiktok/tiktok.schema.js';

/** A destination with the schemas of its connection's fields; `example` is right in every field and feeds the contract test. */
export interface RegisteredDestination<Settings, Secrets> {
  readonly destination: Destination<Settings, Secrets>;
  /** Fields of the connection without `id`, `kind` and the secrets; unknown fields are errors. */
  readonly settingsSchema: z.ZodType<Settings>;
  readonly secretsSchema: z.ZodType<Secrets>;
  readonly example: { readonly settings: unknown; readonly secrets: unknown };
}

const registered = <Settings, Secrets>(
  destination: Destination<Settings, Secrets>,
  settingsSchema: z.ZodType<Settings>,
  secretsSchema: z.ZodType<Secrets>,
  example: { readonly settings: unknown; readonly secrets: unknown },
): RegisteredDestination<Settings, Secrets> => ({ destination, settingsSchema, secretsSchema, example });

/** Every destination by its connection's `kind`: one line each. */
export const DESTINATIONS = {
  tiktok: registered(tiktokDestination, tiktokSettingsSchema, tiktokSecretsSchema, tiktokExample),
  trackingtech: registered(trackingtechDestination, trackingtechSettingsSchema, trackingtechSecretsSchema, trackingtechExample),
} as const;
