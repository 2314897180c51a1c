import { z } from 'zod';

const time = z.iso.datetime().nullable();

export const statusSchema = z
  .object({
    tenant: z.string(),
    shop: z.string(),
    state: z.string().describe('Of the connection'),
    lastOrderAt: time.describe('When an order was last heard of'),
    lastConversionAt: time.describe('When an order was last delivered as a conversion'),
    waiting: z.int().describe('Effects of its orders, at all destinations, that are to be sent or of which nobody knows yet'),
    parked: z.int().describe('Effects that wait for a person'),
    alerts: z.int().describe('Open ones of the tenant, without those of its other shops'),
    coverage: z
      .object({
        events: z.int().describe('The newest conversions, up to 200'),
        keys: z.array(z.object({ key: z.string(), have: z.int() })),
      })
      .describe('Match keys that their newest requests carried'),
  })
  .meta({ id: 'ShopStatus' });

export type ShopStatus = z.infer<typeof statusSchema>;
