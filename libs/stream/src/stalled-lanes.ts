/** Longer than a consumer needs between two tries while the brokers cannot be reached (eight connects of at most five seconds each). */
const STALLED_AFTER_MS = 60_000;

/** For `/livez`: lanes that neither fetch nor try to, or hang in a batch. */
export const stalledLanes = (lanes: readonly { readonly pattern: string; idleForMs(): number }[]): string[] =>
  lanes.filter((lane) => lane.idleForMs() > STALLED_AFTER_MS).map(({ pattern }) => `lane ${pattern} makes no progress`);
