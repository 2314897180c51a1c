import { readFileSync } from 'node:fs';

/** The last `count` lines of a log, or a remark when there are none. */
export function lastLines(logFile: string, count = 20): string {
  try {
    const text = readFileSync(logFile, 'utf8').trimEnd();
    return text === '' ? '(the log is empty)' : text.split('\n').slice(-count).join('\n');
  } catch {
    return '(there is no log)';
  }
}
