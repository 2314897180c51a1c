import { DatabaseUnavailable } from '@tributary/postgres';
import { persistently } from './persistently.js';

const QUICKLY = { firstDelayMs: 1, maxDelayMs: 2, forMs: 60_000 };

/** Fails `times` times with `error`, then answers. */
function failing(times: number, error: Error): { readonly work: () => Promise<string>; readonly calls: () => number } {
  let calls = 0;
  return {
    calls: () => calls,
    work: () => {
      calls += 1;
      return calls <= times ? Promise.reject(error) : Promise.resolve('kept');
    },
  };
}

it('asks again until the database is back', async () => {
  const { work, calls } = failing(5, new DatabaseUnavailable('gone'));
  expect(await persistently(work, QUICKLY)).toBe('kept');
  expect(calls()).toBe(6);
});

it('does not ask again what the database refused', async () => {
  const { work, calls } = failing(1, new Error('no such column'));
  await expect(persistently(work, QUICKLY)).rejects.toThrow('no such column');
  expect(calls()).toBe(1);
});

it('gives up in the end: the leases are over and others have taken over', async () => {
  const { work, calls } = failing(Number.POSITIVE_INFINITY, new DatabaseUnavailable('gone'));
  await expect(persistently(work, { ...QUICKLY, forMs: 0 })).rejects.toThrow('gone');
  expect(calls()).toBeLessThanOrEqual(2);
});
