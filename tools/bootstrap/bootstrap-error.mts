/** A failure whose message is written for the person at the terminal: what is wrong and what to do next. Print it without a stack. */
export class BootstrapError extends Error {
  override readonly name = 'BootstrapError';
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError) return thrown.errors.map(messageOf).join('; ');
  return thrown instanceof Error ? thrown.message : String(thrown);
}
