import { eventually } from '../stack/eventually.js';
import { Stack, type RunningApp } from '../stack/stack.js';

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start({ isDeployed: false });
});
afterAll(() => stack.stop());

/** What the apps answer at one path: status and body of each. */
async function answers(path: string): Promise<{ status: number; body: unknown }[]> {
  const ask = async ({ url }: RunningApp): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`${url}${path}`);
    return { status: response.status, body: await response.json() };
  };
  return Promise.all([...stack.apps.values()].map(ask));
}

const waitingFor = (what: string): { status: number; body: unknown } => ({
  status: 503,
  body: { status: 'no', reasons: [expect.stringContaining(what)] },
});

/** Every app says that it waits for this, in words that name the command. */
async function allWaitFor(what: string): Promise<void> {
  await eventually(`every app waits for ${what}`, 20_000, async () => {
    expect(await answers('/startupz')).toEqual([waitingFor(what), waitingFor(what), waitingFor(what)]);
    return true;
  });
}

it('the apps wait for a deploy that is late, say for what, and start by themselves', async () => {
  await allWaitFor('run «tributary migrate»');
  expect((await answers('/livez')).map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await answers('/readyz')).map(({ status }) => status)).toEqual([503, 503, 503]);
  expect((await answers('/v1/anything?else')).map(({ status }) => status)).toEqual([503, 503, 503]);
  await stack.migrate();
  await allWaitFor('run «tributary schemas register»');
  await stack.registerSchemas();
  await allWaitFor('Run «tributary topics apply»');
  await stack.createTopics(4);
  await Promise.all([...stack.apps.values()].map((app) => stack.untilReady(app)));
  expect((await answers('/startupz')).map(({ status }) => status)).toEqual([200, 200, 200]);
  expect([...stack.apps.values()].every(({ child }) => child.isRunning())).toBe(true);
});
