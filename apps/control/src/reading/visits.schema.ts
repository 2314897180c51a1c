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
      state: z.string().describe('attempted, delivered, rejected, transient, unknown, parked, unconfirmed, expired'),
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
      visitedAt: time,
      settledAt: time.nullable(),
    }),
  ),
});

export type VisitAnswer = z.infer<typeof visitSchema>;
