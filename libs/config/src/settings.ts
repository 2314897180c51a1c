import { z } from 'zod';
import { Secret } from './secret.js';

/** Environment variables by name; `.describe()` says what each is for (docs/configuration.md is made from it). */
export type SettingShape = Readonly<Record<string, z.ZodType>>;
export type Settings<Shape extends SettingShape> = { readonly [Name in keyof Shape]: z.output<Shape[Name]> };

/** Start-up is refused; the message lists every problem. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** Reads all settings at once from an environment (empty text counts as not set). */
export function readSettings<Shape extends SettingShape>(shape: Shape, environment: NodeJS.ProcessEnv): Settings<Shape> {
  const given = Object.fromEntries(Object.keys(shape).map((name) => [name, environment[name] === '' ? undefined : environment[name]]));
  const parsed = z.object(shape).safeParse(given);
  if (parsed.success) return parsed.data as Settings<Shape>;
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigurationError(`These settings need a change (docs/configuration.md):\n${problems.join('\n')}`);
}

/** One setting, as documentation shows it. */
export interface SettingDescription {
  readonly name: string;
  readonly description: string;
  readonly isRequired: boolean;
  /** Null when there is none; secrets have none. */
  readonly byDefault: string | null;
}

const describeSettings = (shape: SettingShape): SettingDescription[] =>
  Object.entries(shape).map(([name, type]) => {
    const absent = type.safeParse(undefined);
    const value: unknown = absent.success ? absent.data : undefined;
    const byDefault =
      value === undefined ? null : Array.isArray(value) ? value.join(',') : typeof value === 'string' ? value : JSON.stringify(value);
    return { name, description: type.description ?? '', isRequired: !absent.success, byDefault };
  });

/** With the argument `--settings` an app prints its settings as JSON and does nothing else; answers whether it did. */
export function printSettingsIfAsked(shape: SettingShape): boolean {
  if (!process.argv.includes('--settings')) return false;
  process.stdout.write(`${JSON.stringify(describeSettings(shape))}\n`);
  return true;
}

export const text = (): z.ZodString => z.string({ error: 'is missing' }).min(1);
export const secretText = (): z.ZodType<Secret, string> =>
  z
    .string({ error: 'is missing' })
    .min(1)
    .transform((value) => new Secret(value));
export const flag = (byDefault: boolean): z.ZodType<boolean> =>
  z
    .enum(['true', 'false', 'on', 'off', '1', '0'], { error: 'must be true or false' })
    .transform((value) => value === 'true' || value === 'on' || value === '1')
    .default(byDefault);
export const integer = (min: number, max: number, byDefault: number): z.ZodType<number> =>
  z.string().regex(/^\d+$/, 'must be a whole number').transform(Number).pipe(z.number().min(min).max(max)).default(byDefault);
export const url = (): z.ZodURL => z.url({ error: 'must be a URL' });

/** The environment of this process; read once, in `main.ts`. */
export const processEnvironment = (): NodeJS.ProcessEnv => process.env;
