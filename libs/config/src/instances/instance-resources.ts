import { z } from 'zod';
import { flagText, jsonText, wholeNumberText } from './instance-values.js';

/** What an instance watches when it names nothing: Cloud Elements' names and addresses. */
const DEFAULT_RESOURCES = {
  contacts: '/hubs/ecommerce/customers',
  discounts: '/hubs/ecommerce/discounts',
  orders: '/hubs/ecommerce/orders',
  products: '/hubs/ecommerce/products',
} as const;

const UPDATED_FIELD = 'date_modified';
const CREATED_FIELD = 'date_created';
const DATE_FORMAT = "yyyy-MM-dd'T'HH:mm:ss";
const MAX_SECONDS = 86_400;
const MAX_PAGE = 100;
/** Letters of Java's date patterns, what may stand between them, and quoted text. */
const DATE_PATTERN = /^(?:[yMdHhmsSaZXz]|[-/:., ]|'[^']*')+$/;

/** Its documentation ends the format in a quote that opens nothing: dropped. */
const withoutStrayQuote = (format: string): string =>
  (format.split("'").length - 1) % 2 === 1 ? format.replace(/'(?=[^']*$)/, '') : format;

const dateFormat = z
  .string()
  .transform(withoutStrayQuote)
  .refine((format) => format.includes('yyyy') && DATE_PATTERN.test(format), `must be a date pattern such as ${DATE_FORMAT}`)
  .default(DATE_FORMAT);

const isTimeZone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
};
export const timeZone = z.string().refine(isTimeZone, 'must be a time zone such as UTC or America/Santiago');

const fieldName = z.string().regex(/^[A-Za-z_][\w.]{0,99}$/, 'must be the name of a field');

const datesConfiguration = z.object({
  updatedDateField: fieldName.default(UPDATED_FIELD),
  updatedDateFormat: dateFormat,
  updatedDateTimezone: timeZone.optional(),
  createdDateField: fieldName.default(CREATED_FIELD),
  createdDateFormat: dateFormat,
  createdDateTimezone: timeZone.optional(),
});

const resource = z.object({
  url: z.string().regex(/^\/\S{1,500}$/, 'must be a path such as /hubs/ecommerce/orders'),
  idField: fieldName.default('id'),
  datesConfiguration: jsonText(datesConfiguration).prefault({}),
  filterByCurrentDate: flagText.optional(),
  filterByUpdatedDate: z.union([flagText, fieldName]).optional(),
  updatedDateTimezone: timeZone.optional(),
  createdDateTimezone: timeZone.optional(),
  createdCheckTolerance: wholeNumberText(0, MAX_SECONDS).optional(),
  pageSize: wholeNumberText(1, MAX_PAGE).optional(),
  pollDelay: wholeNumberText(0, MAX_SECONDS).optional(),
});

export type InstanceResource = z.output<typeof resource>;

const everyDefault = Object.fromEntries(Object.entries(DEFAULT_RESOURCES).map(([name, url]) => [name, { url }]));

/** Resource name → how it is read; as a map or as its JSON. Any name: a custom resource is a copy of another one. */
export const resourceMap = jsonText(z.record(z.string().regex(/^[A-Za-z][\w-]{0,59}$/, 'must be a resource’s name'), resource)).prefault(
  everyDefault,
);

/** A custom resource as a woocommerce connection has it. */
export interface InstanceList {
  readonly name: string;
  readonly path: string;
  readonly idField: string;
  readonly everyMinutes: number;
}

const READ_ANYWAY = new Set([...Object.keys(DEFAULT_RESOURCES), 'customers', 'coupons']);
const MIN_MINUTES = 5;

/** The resources that no shop is read for by itself, as lists of its REST API: Cloud Elements' own prefix is dropped. */
export const customLists = (resources: Readonly<Record<string, InstanceResource>>, refreshMinutes: number): readonly InstanceList[] =>
  Object.entries(resources)
    .filter(([name]) => !READ_ANYWAY.has(name.toLowerCase()))
    .map(([name, { url, idField }]) => ({
      name: name.toLowerCase(),
      path: url.replace(/^\/(?:hubs\/ecommerce|wp-json\/wc\/v\d)(?=\/)/, '').replace(/\/+$/, ''),
      idField,
      everyMinutes: Math.max(MIN_MINUTES, refreshMinutes),
    }));
