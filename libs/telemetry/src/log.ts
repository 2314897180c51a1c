import { pino } from 'pino';

/** Structured log. An error means that someone must act now; what heals itself is a warning. Never give it payloads, headers or vendor bodies. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined | readonly string[] | readonly number[]>>;

/** JSON lines on stdout. */
export const createLog = (app: string, level: string): Log => pino({ level, base: { app }, timestamp: pino.stdTimeFunctions.isoTime });

/** What may be said of an error: its name, message of our own errors, and stack frames without the message. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const cause = error.cause instanceof Error ? ` (because ${describeError(error.cause)})` : '';
  return `${error.name}: ${error.message}${cause}`;
}
