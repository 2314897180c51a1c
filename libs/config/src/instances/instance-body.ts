import { z } from 'zod';
import { flagText, jsonText, wholeNumberText } from './instance-values.js';
import { customLists, resourceMap, timeZone, type InstanceList, type InstanceResource } from './instance-resources.js';

export const ELEMENT = { key: 'woocommercerest', name: 'WooCommerce REST', hub: 'ecommerce' } as const;

const MINUTE_SECONDS = 60;
const DAY_MINUTES = 1_440;
const DEFAULT_REFRESH_MINUTES = 15;

/** What `POST /instances` asks for, read. */
export interface InstanceRequest {
  readonly name: string;
  readonly tags: readonly string[];
  /** Of the woocommerce connection, as the tenants file has them. */
  readonly connection: {
    readonly storeUrl: string;
    readonly consumerKey: string;
    readonly consumerSecret: string;
    readonly polling: { readonly refreshIntervalSeconds: number; readonly resources: readonly InstanceList[] };
  };
  readonly configuration: InstanceConfiguration;
  /** Signs call-backs; secret. Null: they are not signed by it. */
  readonly signatureKey: string | null;
}

/** What an instance is kept with; no secret in it. */
export interface InstanceConfiguration {
  readonly eventsEnabled: boolean;
  readonly vendorType: 'polling' | 'webhook';
  readonly callbackUrl: string | null;
  readonly refreshMinutes: number;
  readonly timeZone: string;
  readonly resources: Readonly<Record<string, InstanceResource>>;
}

/** One thing that is wrong; `path` as it was written, such as `configuration.store.url`. */
export interface InstanceProblem {
  readonly path: string;
  readonly message: string;
}

export type InstanceReading =
  | { readonly kind: 'read'; readonly request: InstanceRequest }
  | { readonly kind: 'refused'; readonly problems: readonly InstanceProblem[] };

const isWebAddress = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
const isTyped = (error: string): { error: string } => ({ error });
const given = (what: string): z.ZodString => z.string(isTyped(`is missing: ${what}`)).min(1, `is missing: ${what}`);

const configuration = z.object({
  'store.url': z.string().refine(isWebAddress, 'must be the shop’s address, such as https://shop.example').optional(),
  /** Its parameter tables list the store's address under this name. */
  'oauth.callback.url': z.string().refine(isWebAddress, 'must be the shop’s address, such as https://shop.example').optional(),
  'oauth.api.key': given('the REST consumer key'),
  'oauth.api.secret': given('the REST consumer secret'),
  'event.notification.enabled': flagText.default(false),
  'event.vendor.type': z.enum(['polling', 'webhook'], 'must be polling or webhook').optional(),
  'event.notification.callback.url': z.string().refine(isWebAddress, 'must be an address such as https://app.example/events').optional(),
  'event.notification.signature.key': z.string().min(1).optional(),
  'event.poller.refresh_interval': wholeNumberText(1, DAY_MINUTES).default(DEFAULT_REFRESH_MINUTES),
  'event.poller.timezone': timeZone.default('UTC'),
  'event.poller.configuration': resourceMap,
});

const instanceBody = z.object({
  element: z.object({ key: z.literal(ELEMENT.key, isTyped(`must be ${ELEMENT.key}`)) }, isTyped(`must be {"key": "${ELEMENT.key}"}`)),
  name: given('what the instance is called').max(200, 'may have 200 characters'),
  tags: z.array(z.string().max(200)).max(50).default([]),
  configuration: jsonText(configuration),
});

const text = (path: readonly PropertyKey[]): string => path.map(String).join('.');

/** A union's own words say what every branch of it would take. */
function problemsOf(issues: readonly z.core.$ZodIssue[]): InstanceProblem[] {
  return issues.map(({ path, message }) => ({ path: text(path), message }));
}

/** What fields say together, told beside what is wrong with each. */
function together(body: unknown): InstanceProblem[] {
  const fields = (body as { readonly configuration?: unknown } | null)?.configuration;
  if (typeof fields !== 'object' || fields === null) return [];
  const { 'store.url': store, 'oauth.callback.url': alias, ...rest } = fields as Readonly<Record<string, unknown>>;
  const problems: InstanceProblem[] = [];
  if (store === undefined && alias === undefined)
    problems.push({ path: 'configuration.store.url', message: 'is missing: the shop’s address' });
  if (store !== undefined && alias !== undefined && store !== alias)
    problems.push({ path: 'configuration.oauth.callback.url', message: 'is another name of store.url and says something else' });
  const isEnabled = String(rest['event.notification.enabled']).toLowerCase() === 'true';
  if (isEnabled && rest['event.vendor.type'] === undefined)
    problems.push({ path: 'configuration.event.vendor.type', message: 'is missing: polling or webhook' });
  return problems;
}

/** Reads a body of `POST /instances` as Cloud Elements documents it, or says everything that is wrong with it. Never quotes a secret. */
export function readInstanceBody(body: unknown): InstanceReading {
  const parsed = instanceBody.safeParse(body);
  const problems = [...(parsed.success ? [] : problemsOf(parsed.error.issues)), ...together(body)];
  if (!parsed.success || problems.length > 0) return { kind: 'refused', problems };
  const { name, tags, configuration: values } = parsed.data;
  const refreshMinutes = values['event.poller.refresh_interval'];
  const resources = values['event.poller.configuration'];
  return {
    kind: 'read',
    request: {
      name,
      tags,
      connection: {
        storeUrl: (values['store.url'] ?? values['oauth.callback.url'] ?? '').replace(/\/+$/, ''),
        consumerKey: values['oauth.api.key'],
        consumerSecret: values['oauth.api.secret'],
        polling: { refreshIntervalSeconds: refreshMinutes * MINUTE_SECONDS, resources: customLists(resources, refreshMinutes) },
      },
      configuration: {
        eventsEnabled: values['event.notification.enabled'],
        vendorType: values['event.vendor.type'] ?? 'polling',
        callbackUrl: values['event.notification.callback.url'] ?? null,
        refreshMinutes,
        timeZone: values['event.poller.timezone'],
        resources,
      },
      signatureKey: values['event.notification.signature.key'] ?? null,
    },
  };
}
