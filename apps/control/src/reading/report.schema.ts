import { z } from 'zod';
import { COVERAGE_CAUSES, type CoverageCause } from '@tributary/domain';

const moment = z.iso
  .datetime({ offset: true, error: 'must be RFC 3339 with an offset, such as 2026-11-01T00:00:00Z' })
  .transform((written) => Date.parse(written));

export const reportQuery = z
  .strictObject({
    from: moment.optional().describe('RFC 3339; orders made, and visits that happened, at or after it; default: 30 days before `to`'),
    to: moment.optional().describe('RFC 3339; the first moment that is left out; default: now'),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, { path: ['to'], error: 'must not be before from' });

const text = z.string();
const count = z.int();
const day = z.iso.date().describe('UTC');
const share = z.number().min(0).max(1);
const isFinal = z.boolean().describe('false: of the trailing 48 hours, and may still change');
const money = z.array(z.object({ currency: text, amount: text.describe('Exact decimal text') })).readonly();
const cause = z.enum(Object.keys(COVERAGE_CAUSES) as CoverageCause[]);

export const reportSchema = z
  .object({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    finalBefore: z.iso.datetime().describe('What lies at or after it may still change'),
    orders: z
      .array(z.object({ shop: text, isFinal, orders: count, totals: money }))
      .describe('Orders made in the period, whatever became of them; totals as the shop has them now'),
    conversions: z
      .array(
        z.object({
          shop: text,
          destination: text.describe('Its connection'),
          kind: z.enum(['order', 'upsell']).describe('upsell: lines that were added later; the order itself is counted elsewhere'),
          eventName: text.nullable(),
          mode: text.nullable(),
          state: text.describe('Of the delivery; undecided: nothing was decided (yet)'),
          reason: text.nullable(),
          reasonText: text.nullable(),
          orderStatus: text.nullable().describe('Of what is undecided: the orders’ status now'),
          isFinal,
          count,
          orderTotals: money.describe('What the shop took for these orders; empty for upsells'),
          values: money.describe('What the vendor is told, in the currency that it is told in'),
        }),
      )
      .describe('The same orders by what became of them at each destination'),
    visits: z
      .array(
        z.object({
          destination: text,
          eventName: text,
          mode: text,
          state: text,
          reason: text.nullable(),
          reasonText: text.nullable(),
          isFinal,
          count,
        }),
      )
      .describe('Visits that were to be sent, of the last 30 days'),
    coverage: z
      .array(
        z.object({
          destination: text,
          eventName: text,
          paymentMethod: text.nullable().describe('null: visits'),
          day,
          isFinal,
          events: count.describe('Live events that were part of a request'),
          keys: z.array(
            z.object({
              key: text.describe(
                'As the vendor calls it; ttclid_at_checkout: of the orders with a click id, those that kept it themselves',
              ),
              events: count.describe('Those that could have it'),
              have: count,
              share,
              missing: z.array(z.object({ cause, events: count })).describe('The most frequent cause first'),
            }),
          ),
        }),
      )
      .describe('Which match keys the newest requests carried'),
    warnings: z
      .array(
        z.object({
          destination: text,
          eventName: text,
          paymentMethod: text.nullable().describe('null: whatever the method, or visits'),
          key: text,
          since: day,
          share: share.describe('Since then'),
          shareBefore: share,
          events: count.describe('Since then'),
          cause: cause.nullable(),
          what: text,
          todo: text.nullable(),
        }),
      )
      .describe('Match keys that dropped by a fifth of the events or more, and have not come back'),
  })
  .meta({ id: 'Report' });

export type ReportAnswer = z.infer<typeof reportSchema>;
