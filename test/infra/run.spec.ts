import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRun, type Run } from '../../tools/bootstrap/children.mts';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tributary-run-'));
  chmodSync(home, 0o711);
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

const open = (onProgress?: (step: string) => void): Promise<Run> =>
  openRun({ home, kind: 'start-apps', isExclusive: true, ...(onProgress && { onProgress }) });

it('refuses a second exclusive run while the first one goes on', async () => {
  const first = await open();
  await expect(open()).rejects.toThrow(/^Already running in/);
  first.close();
});

it('waits for a first run that is ending, says so, and takes its place', async () => {
  const first = await open();
  first.beginToEnd();
  const steps: string[] = [];
  const second = await open((step) => {
    steps.push(step);
    first.close();
  });
  expect(steps).toEqual(['Waiting for the start before this one, which is stopping']);
  await expect(open()).rejects.toThrow(/^Already running in/);
  second.close();
});
