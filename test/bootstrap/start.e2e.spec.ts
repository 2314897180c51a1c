import { isAlive } from '../../tools/bootstrap/process-identity.mts';
import { eventually } from '../stack/eventually.js';
import { makeHome, NpmScript, recordedProcesses, recordedRuns, removeHome } from './npm-start.js';

const UP = /Running\. Ctrl-C stops everything\./;
const START_WITHIN_MS = 120_000;
const STOP_WITHIN_MS = 10_000;

let home: string;
let start: NpmScript;

beforeAll(() => {
  home = makeHome();
});

afterAll(async () => {
  start?.interrupt();
  await start?.ended;
  await removeHome(home);
}, 30_000);

async function startUp(): Promise<void> {
  start = new NpmScript(home, ['start']);
  await start.until(UP, START_WITHIN_MS);
}

/** Ctrl-C, then nothing of it is left. */
async function stopByInterrupt(): Promise<void> {
  const left = recordedProcesses(home);
  expect(left.length).toBeGreaterThan(4);
  const startedAtMs = performance.now();
  start.interrupt();
  await start.ended;
  expect(performance.now() - startedAtMs).toBeLessThan(STOP_WITHIN_MS);
  expect(left.filter(isAlive)).toEqual([]);
  expect(recordedProcesses(home)).toEqual([]);
}

/** The table's cells, without its head. */
const tableRows = (output: string): readonly (readonly string[])[] =>
  output
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .slice(1)
    .map((line) =>
      line
        .split('│')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

const control = (path: string): Promise<Response> =>
  fetch(`${start.shown('Control API')}${path}`, { headers: { authorization: `Bearer ${start.shown('Admin token')}` } });

const purchase = (id: number): string => `Purchase wc_order_${id}`;
const answered = expect.stringMatching(/^\d{1,5}$/) as string;

/** The courier's id of what it took. */
const tracked = expect.stringMatching(/^TT-\d+$/) as string;
const demoRows = (first: number): readonly (readonly string[])[] => [
  [String(first), 'paid by card', 'processing', purchase(first), 'delivered', answered, tracked],
  [String(first + 1), 'cash on delivery, not paid yet', 'processing', purchase(first + 1), 'delivered', answered, tracked],
  [String(first + 2), 'cheque, not paid yet', 'on-hold', '–', 'stays out: not paid yet', '–', '–'],
  [String(first + 3), 'bank transfer, paid later', 'processing', purchase(first + 3), 'delivered', answered, tracked],
  [String(first + 4), 'saved again in the shop', 'processing', purchase(first + 4), 'delivered', answered, tracked],
  [
    String(first + 5),
    'made by the shop’s staff',
    'processing',
    expect.stringContaining('Purchase') as string,
    'suppressed: created-via-excluded',
    '–',
    tracked,
  ],
  [String(first + 6), 'in yen', 'processing', purchase(first + 6), 'delivered', answered, 'suppressed: country-excluded'],
  [
    String(first + 7),
    'buyer declined tracking',
    'processing',
    expect.stringContaining('Purchase') as string,
    'suppressed: consent-denied',
    '–',
    tracked,
  ],
];

it('runs the demo and says what became of every order', async () => {
  await startUp();
  expect(tableRows(start.output)).toEqual(demoRows(1042));
  expect(start.output).toMatch(/4 events of a visit accepted; sent to TikTok: (?:ViewContent|AddToCart|InitiateCheckout)(?:, \w+){2} \(/);
  expect((await control('/readyz')).status).toBe(200);
  expect((await control('/v1/tenants')).status).toBe(200);
}, 150_000);

it('lets the command line work beside it', async () => {
  const explain = new NpmScript(home, ['run', '--silent', 'tributary', '--', 'explain', 'demo', 'shop', '1042']);
  expect(await explain.ended).toBe(0);
  expect(explain.output).toContain('wc_order_1042');
}, 30_000);

it('refuses a second start in the same home', async () => {
  const second = new NpmScript(home, ['start', '--silent']);
  expect(await second.ended).not.toBe(0);
  expect(second.output.trim()).toMatch(/^Already running in .* \(process \d+\)\..*$/);
}, 30_000);

it('starts an app again that died', async () => {
  const pidOfTiktok = (): number =>
    recordedRuns(home)
      .flatMap(({ children }) => children)
      .find(({ name }) => name === 'tiktok')?.pid ?? 0;
  const died = pidOfTiktok();
  process.kill(died, 'SIGKILL');
  await start.until(/tiktok ended \(SIGKILL\); it is started again in 0\.5 s/, 5_000);
  await eventually('tiktok is ready again', 40_000, async () => ![0, died].includes(pidOfTiktok()) && (await control('/readyz')).ok);
}, 60_000);

it('stops everything on Ctrl-C', stopByInterrupt, 30_000);

it('finds what it kept when it starts a second time', async () => {
  await startUp();
  expect(tableRows(start.output)).toEqual(demoRows(1050));
  const first = (await (await control('/v1/tenants/demo/orders/shop/1042')).json()) as { status: string };
  expect(first.status).toBe('processing');
}, 150_000);

it('cleans up and works after it was killed', async () => {
  const left = recordedProcesses(home);
  const parent = recordedRuns(home)[0]!.parent;
  process.kill(parent.pid, 'SIGKILL');
  expect(await start.ended).not.toBe(0);
  expect(left.filter(isAlive).length).toBeGreaterThan(3);

  await startUp();

  expect(left.filter(isAlive)).toEqual([]);
  expect(tableRows(start.output)).toEqual(demoRows(1058));
  await stopByInterrupt();
}, 180_000);
