import { type z } from 'zod';
import { visitsSource } from './visits/visits.source.js';
import { woocommerceSource } from './woocommerce/woocommerce-order.source.js';

/** What every kind of source connection brings along: how its part of tenants.yaml is read. */
export interface Source {
  /** Equals the folder's name and the connection's `kind`. */
  readonly kind: string;
  readonly settings: z.ZodType;
  readonly secrets: z.ZodType;
  /** Settings in force that a person did not write, carried over from the version before. */
  readonly keep?: (wanted: unknown, known: unknown) => unknown;
  /** What it tells of: the orders of a shop, or the visits of a shop's pages. */
  readonly role: 'shop' | 'visits';
  /** Secrets that are made when nobody gives them. */
  readonly generated: readonly string[];
  /** The secret, or list of them, by which an arrival finds the connection. */
  readonly address: string;
}

/** One line per source (docs/add-a-source.md). */
export const SOURCES = { woocommerce: woocommerceSource, visits: visitsSource } as const satisfies Record<string, Source>;
