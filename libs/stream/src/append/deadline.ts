const DEADLINE = Symbol('deadline');

/** Whether `work` was done in time; rejects when it fails in time. The work itself goes on. */
export async function withDeadline(work: Promise<void>, deadlineMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof DEADLINE>((resolve) => {
    timer = setTimeout(() => resolve(DEADLINE), deadlineMs);
  });
  try {
    return (await Promise.race([work, late])) !== DEADLINE;
  } finally {
    clearTimeout(timer);
  }
}
