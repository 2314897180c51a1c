import { z } from 'zod';

const time = z.string().describe('RFC 3339, UTC');

export const visitSchema = z.object({
  eventId: z.string(),
  deliveries: z.array(
    z.object({
      destination: z.string().describe('Kind of the destination'),
      connection: z.string(),
      source: z.string(),
      eventName: z.string().describe('As the vendor calls it'),
      mode: z.string(),
      state: z.string().describe('attempted, delivered, rejected, transient, unknown, parked, unconfirmed, expired, suppressed'),
      reason: z.string().nullable(),
      explanation: z.string().nullable().describe('The reason in words'),
      attempts: z.number().int(),
      lastAttempt: z
        .object({
          at: time,
          code: z.string().nullable(),
          message: z.string().nullable(),
          requestId: z.string().nullable().describe('The vendor’s'),
        })
        .nullable(),
      matchKeys: z.array(z.string()).describe('What the newest request said of the visitor, identity’s part among it'),
      consent: z.string().nullable().describe('granted, denied, none: what it relied on; null: there was no request'),
      profileId: z.string().nullable().describe('Whose identifiers it added'),
      visitedAt: time,
      settledAt: time.nullable(),
    }),
  ),
});

export type VisitAnswer = z.infer<typeof visitSchema>;
