/** What {@link withDeadline} answers when the work is not done in time. */
export const LATE = Symbol('late');

/** What `work` brings, or {@link LATE}; rejects when it fails in time. The work itself goes on. */
export async function withDeadline<T>(work: Promise<T>, deadlineMs: number): Promise<T | typeof LATE> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => resolve(LATE), deadlineMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
