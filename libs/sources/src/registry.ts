import { type z } from 'zod';
import { woocommerceSource } from './woocommerce/woocommerce-order.source.js';

/** What every kind of source connection brings along: how its part of tenants.yaml is read. */
export interface Source {
  /** Equals the folder's name and the connection's `kind`. */
  readonly kind: string;
  readonly settings: z.ZodType;
  readonly secrets: z.ZodType;
}

/** One line per source (docs/add-a-source.md). */
export const SOURCES = { woocommerce: woocommerceSource } as const satisfies Record<string, Source>;
