export type OnProgress = (step: string, detail?: string) => void;

export interface Progress {
  /** Begins a step, ending the one before; the same step again only updates its detail. */
  readonly onProgress: OnProgress;
  /** Ends the running step as done. */
  done(): void;
  /** Ends the running step as failed. */
  failed(): void;
}

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/**
 * A step list with elapsed seconds: on a terminal the running step's line is rewritten, elsewhere each step prints one
 * line when it ends. The timer does not keep the process alive.
 */
export function createProgress(output: Output = process.stdout): Progress {
  const isLive = output.isTTY === true && process.env['TERM'] !== 'dumb';
  let running: { step: string; detail: string; startedAtMs: number } | undefined;
  let timer: NodeJS.Timeout | undefined;

  const draw = () => {
    if (!running) return;
    const text = `  … ${running.step} ${seconds(running.startedAtMs)}${running.detail ? ` (${running.detail})` : ''}`;
    output.write(`\r\x1b[2K${text.slice(0, (output.columns ?? 80) - 1)}`);
  };
  const end = (mark: string) => {
    clearInterval(timer);
    if (running) output.write(`${isLive ? '\r\x1b[2K' : ''}  ${mark} ${running.step} ${seconds(running.startedAtMs)}\n`);
    running = undefined;
  };

  return {
    onProgress(step, detail = '') {
      if (running?.step === step) {
        running.detail = detail;
      } else {
        end('✓');
        running = { step, detail, startedAtMs: Date.now() };
        if (isLive) timer = setInterval(draw, 200).unref();
      }
      if (isLive) draw();
    },
    done: () => end('✓'),
    failed: () => end('✗'),
  };
}

function seconds(sinceMs: number): string {
  return `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;
}
