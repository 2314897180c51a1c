import { z } from 'zod';

/** True and false, or their names. */
export const flagText = z.union([z.boolean(), z.stringbool({ truthy: ['true'], falsy: ['false'], case: 'insensitive' })], {
  error: 'must be true or false',
});

/** A whole number, or its digits. */
export const wholeNumberText = (least: number, most: number): z.ZodType<number, number | string> =>
  z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^\d{1,9}$/)
          .transform(Number),
      ],
      { error: 'must be a whole number' },
    )
    .pipe(z.int({ error: 'must be a whole number' }).min(least, `must be at least ${least}`).max(most, `must be at most ${most}`));

/** A value, or its JSON as text. */
export const jsonText = <Schema extends z.ZodType>(schema: Schema): z.ZodType<z.output<Schema>> =>
  z.preprocess((given, context) => {
    if (typeof given !== 'string') return given;
    try {
      return JSON.parse(given) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'must be a map, or its JSON as text' });
      return z.NEVER;
    }
  }, schema);
