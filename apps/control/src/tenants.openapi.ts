import { shopFactsSchema } from '@tributary/sources';
import { z } from 'zod';
import { problemAnswer, type ApiParameter, type ApiRoute } from './openapi-route.js';

const id = z.string().regex(/^[a-z0-9-]{1,40}$/);
const country = z
  .string()
  .regex(/^[A-Z]{2}$/)
  .nullable();
const state = z.enum(['active', 'suspended', 'disabled']);
const consent = z.object({ required: z.boolean(), because: z.string() });

const connectionViewSchema = z
  .object({
    id,
    kind: z.string(),
    state,
    version: z.int().min(1),
    activatedAt: z.iso.datetime(),
    changedAt: z.iso.datetime(),
    settings: z.record(z.string(), z.unknown()).describe('Complete, with defaults, without secrets'),
    shop: shopFactsSchema
      .nullable()
      .optional()
      .describe(
        'Of a shop: what it says about itself, read with its REST keys; null before that and without keys. `staff`: subject ids of the mails and phones of those who run it',
      ),
    consent: consent.optional().describe('Of a shop: whether its buyers must have said yes, and why'),
  })
  .meta({ id: 'Connection' });

export type ConnectionView = z.infer<typeof connectionViewSchema>;

const tenantSchema = z
  .object({ id, name: z.string(), state: z.enum(['active', 'suspended']), defaultCountry: country, connections: z.int().min(0) })
  .meta({ id: 'Tenant' });

const tenantBodySchema = z
  .object({
    id: id.optional().describe('When given, the one of the address'),
    name: z.string().min(1).max(200).optional(),
    state: z.enum(['active', 'suspended']).optional(),
    defaultCountry: country.optional(),
    connections: z
      .array(z.looseObject({ id, kind: z.string() }))
      .optional()
      .describe(
        'Each with the fields of its kind, as in the tenants file; secrets as their values. What is left out is disabled, a secret that is left out is kept, one that is null is removed where its kind can do without',
      ),
  })
  .meta({ id: 'TenantSettings' });

const reportSchema = z
  .object({
    tenant: id,
    changed: z.array(z.object({ connection: id, version: z.int().min(1), what: z.array(z.string()) })),
    generated: z
      .array(z.object({ connection: id, name: z.string(), value: z.string(), path: z.string().optional() }))
      .describe('Values made by this request; shown this once. `path`: the webhook address below the address of ingest'),
    consent: z.array(consent.extend({ connection: id })),
    isPublished: z.boolean().describe('False while Kafka is away: the apps are told later, by itself'),
  })
  .meta({ id: 'SettingsReport' });

const pageOf = (items: z.ZodType): z.ZodType => z.object({ items: z.array(items), nextCursor: z.string().nullable() });
const tenant: Readonly<Record<string, ApiParameter>> = { tenant: { schema: id } };

export const TENANTS_PATHS: readonly ApiRoute[] = [
  {
    method: 'get',
    path: '/v1/tenants',
    summary: 'Tenants, ascending by id',
    queryParameters: {
      cursor: { schema: id, description: '`nextCursor` of the page before' },
      limit: { schema: z.int().min(1).max(1_000).default(100) },
    },
    answers: { 200: { description: 'A page of tenants', schema: pageOf(tenantSchema) } },
  },
  {
    method: 'put',
    path: '/v1/tenants/{tenant}',
    summary: 'Replaces a tenant’s settings as a whole; the same body again changes nothing',
    pathParameters: tenant,
    queryParameters: { dryRun: { schema: z.boolean().default(false), description: 'Only say what would happen' } },
    body: tenantBodySchema,
    answers: {
      200: { description: 'What changed, what was made, and what the consent rule decided', schema: reportSchema },
      413: problemAnswer('The body is too large'),
      415: problemAnswer('The body is not JSON'),
      422: problemAnswer('The settings are wrong; every problem is listed and nothing was changed'),
    },
  },
  {
    method: 'get',
    path: '/v1/tenants/{tenant}/connections',
    summary: 'A tenant’s connections in their newest version, without secrets',
    pathParameters: tenant,
    answers: {
      200: { description: 'All connections, disabled ones too', schema: pageOf(connectionViewSchema) },
      404: problemAnswer('No such tenant'),
    },
  },
];
