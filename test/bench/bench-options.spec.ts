import { FULL, QUICK } from './bench-context.mts';
import { GROUPS, HELP, readBenchOptions } from './bench-options.mts';

it('measures everything in full unless told otherwise', () => {
  const options = readBenchOptions([]);
  expect(options).toMatchObject({ sizes: FULL, isQuick: false, jsonFile: undefined });
  expect([...(options?.groups ?? [])]).toEqual(Object.keys(GROUPS));
});

it('measures what is named, in the order of the whole', () => {
  const options = readBenchOptions(['--quick', '--only', 'visits, identity', '--json', 'figures.json']);
  expect(options).toMatchObject({ sizes: QUICK, isQuick: true, jsonFile: 'figures.json' });
  expect([...(options?.groups ?? [])]).toEqual(['identity', 'visits']);
});

it.each([
  [['--only', 'visits,rebild'], /--only knows identity, .*; not «rebild»/],
  [['--only', ''], /not «»/],
  [['--onyl', 'visits'], /--onyl/],
  [['quick'], /quick/],
])('refuses %j and says what it knows', (args, message) => {
  expect(() => readBenchOptions(args)).toThrow(message);
});

it('explains every group when asked', () => {
  expect(readBenchOptions(['--help', '--quick'])).toBeNull();
  for (const [name, what] of Object.entries(GROUPS)) expect(HELP).toContain(`${name.padEnd(12)}${what}`);
});
