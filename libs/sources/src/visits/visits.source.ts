import { readCollect } from './collect.source.js';
import { readIdentify } from './identify.source.js';
import { visitsSecretsSchema, visitsSettingsSchema } from './visits.schema.js';

/** The source of visits: its part of tenants.yaml and how what its pages send is read. */
export const visitsSource = {
  kind: 'visits',
  settings: visitsSettingsSchema,
  secrets: visitsSecretsSchema,
  role: 'visits',
  generated: ['writeKey'],
  address: 'writeKey',
  readCollect,
  readIdentify,
} as const;
