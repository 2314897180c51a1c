import { z } from 'zod';

/**
 * The platform's public address. What of its API is public, and what of this contract is assumed until a real account corrects it:
 * docs/trackingtech-contract.md.
 */
export const TRACKINGTECH_BASE_URL = 'https://api-app.trackingtech.cl/api';

const path = (usual: string): z.ZodDefault<z.ZodString> =>
  z
    .string()
    .regex(/^\/[A-Za-z0-9/_.-]{0,200}$/, 'must be a path such as /external/orders')
    .default(usual);

/** Every call of the contract by name: its path below the base address. */
const trackingtechPathsSchema = z.strictObject({
  resolve: path('/external/resolve'),
  login: path('/external/login'),
  stores: path('/external/stores'),
  link: path('/external/link'),
  submitOrder: path('/external/orders'),
  orderStatus: path('/external/orders'),
  pickups: path('/pickups/getPickupsByDate'),
  withdrawals: path('/withdrawal-orders/getPackagesWithdrawals'),
  unlink: path('/external/uninstall'),
});

/** From which of the courier's lists it is read what became of an order, the most trusted first. */
const STATUS_LISTS = ['order-ids', 'withdrawals', 'pickups'] as const;

const statusReadingSchema = z.strictObject({
  enabled: z.boolean().default(true),
  /** How often orders of the last day are asked about; older ones more and more seldom (docs/trackingtech-contract.md). */
  refreshIntervalSeconds: z.int().min(1).max(86_400).default(300),
  by: z
    .array(z.enum(STATUS_LISTS))
    .min(1)
    .default([...STATUS_LISTS]),
});

const names = z.array(z.string().trim().min(1)).min(1).nullable().default(null);

/** A TrackingTech connection without its secrets; reading what it returns gives the same again. */
export const trackingtechSettingsSchema = z.strictObject({
  /** Order sources by connection id; null: all of the tenant. */
  sources: z.array(z.string().min(1)).min(1).nullable().default(null),
  courierCode: z.string().trim().min(1, 'is the code that the courier gave to the merchant').max(64),
  /** The courier's own id, as it answered for its code; null before it was asked. */
  courierTenant: z.string().trim().min(1).max(64).nullable().default(null),
  /** The store at the courier and the customer that it is linked to; null until the connection is linked. */
  storeId: z.string().trim().min(1).max(64).nullable().default(null),
  customerId: z.string().trim().min(1).max(64).nullable().default(null),
  /** Order statuses at which an order is handed over, with or without `wc-`; the first of them that an order reaches counts. */
  statuses: z
    .array(
      z
        .string()
        .trim()
        .transform((status) => status.replace(/^wc-/, ''))
        .pipe(z.string().min(1)),
    )
    .min(1)
    .default(['processing']),
  /** Where the courier delivers: ISO 3166 alpha-2. */
  countries: z
    .array(z.string().regex(/^[A-Z]{2}$/, 'is a country in two capital letters (ISO 3166), such as CL'))
    .min(1)
    .default(['CL']),
  /** RFC 3339 with offset, kept in UTC; null: from the activation on. */
  sendFrom: z.iso
    .datetime({ offset: true })
    .transform((text) => new Date(text).toISOString())
    .nullable()
    .default(null),
  /** Shipping methods (`flat_rate`) or methods of one zone (`flat_rate:3`); null: every one but local pickup. */
  shippingMethods: names,
  /** Regions by WooCommerce's code (`CL-RM`) or by name; null: all. */
  regions: names,
  /** Comunas by name; null: all. */
  comunas: names,
  /** Another address than the installation's. */
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
  paths: trackingtechPathsSchema.prefault({}),
  statusReading: statusReadingSchema.prefault({}),
});

/**
 * The token goes into a header: visible ASCII only; absent until a person has logged in or written it down. `deviceSecret` is made when
 * an account is connected and goes nowhere: only its hash does.
 */
export const trackingtechSecretsSchema = z.strictObject({
  token: z
    .string()
    .regex(/^[\x21-\x7e]{1,4096}$/, 'is the token that the courier’s login answers, without spaces')
    .optional(),
  deviceSecret: z.string().min(1).optional(),
});

export type TrackingtechSettings = z.infer<typeof trackingtechSettingsSchema>;
export type TrackingtechSecrets = z.infer<typeof trackingtechSecretsSchema>;

const kilograms = z.number().positive();

/** The body of an order as this contract states it (docs/trackingtech-contract.md); what is unknown is left out, never sent empty. */
export const trackingtechOrderSchema = z.strictObject({
  order_id: z.string().min(1),
  order_number: z.string().min(1),
  customer_id: z.string().min(1),
  store_id: z.string().min(1),
  lines: z
    .array(
      z.strictObject({
        name: z.string(),
        sku: z.string().min(1).optional(),
        quantity: z.int().min(1),
        price: z.number().min(0),
        /** Of one piece. */
        weight: kilograms.optional(),
        /** Of the whole line. */
        total_weight: kilograms.optional(),
      }),
    )
    .min(1),
  currency: z.string().regex(/^[A-Z]{3}$/),
  /** Of all lines; left out while one of them is unknown. */
  total_weight: kilograms.optional(),
  shipping: z.strictObject({
    name: z.string().min(1),
    company: z.string().min(1).optional(),
    address_1: z.string().min(1),
    address_2: z.string().min(1).optional(),
    city: z.string().min(1),
    state: z.string().min(1).optional(),
    postcode: z.string().min(1).optional(),
    country: z.string().regex(/^[A-Z]{2}$/),
  }),
  email: z.string().min(1).optional(),
  phone: z.string().min(1).optional(),
  note: z.string().min(1).optional(),
});

export type TrackingtechOrder = z.infer<typeof trackingtechOrderSchema>;

/** A connection that is right in every field: for documentation and the contract test. */
export const trackingtechExample = {
  settings: { courierCode: 'COURIER-1', storeId: '77', customerId: '4711', sendFrom: '2026-11-01T00:00:00Z', statuses: ['wc-processing'] },
  secrets: { token: 'example-courier-token' },
} as const;
