import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { openRun, type Run } from '../../tools/bootstrap/children.mts';
import { databaseUrl } from '../../tools/bootstrap/postgres-settings.mts';
import { startPostgres } from '../../tools/bootstrap/processes/postgres.mts';
import type { Service } from '../../tools/bootstrap/processes/server.mts';

const home = resolve(process.env['TRIBUTARY_HOME'] || '.tributary');
const password = 'of-this-spec';
const steps: string[] = [];
let run: Run;
/** Open to whoever runs Postgres, wherever the clone is: the data of both starts lies here. */
let folder: string;
let lingering: number | undefined;

beforeAll(async () => {
  run = await openRun({ home, kind: 'test', isExclusive: false });
  folder = mkdtempSync(join(tmpdir(), 'tributary-restart-'));
  chmodSync(folder, 0o711);
});

afterAll(async () => {
  if (lingering !== undefined) process.kill(lingering, 'SIGKILL');
  await run.stopChildren(5_000);
  run.close();
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

const start = (onProgress: (step: string) => void): Promise<Service> =>
  startPostgres({
    run,
    dataFolder: join(folder, 'postgres'),
    isKept: false,
    password,
    logFile: join(run.folder, 'postgres.log'),
    port: undefined,
    onProgress,
  });

/** A connection and the process that serves it. */
async function connect(port: number): Promise<{ readonly client: pg.Client; readonly pid: number }> {
  const client = new pg.Client(databaseUrl({ port, password }));
  client.on('error', () => undefined); // its server is killed below
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return { client, pid: rows[0]?.pid ?? 0 };
}

/** SIGKILL to the server alone: its own children outlive it for as long as they are busy. */
function killServer(): void {
  const file = join(folder, 'postgres', 'cluster', 'postmaster.pid');
  expect(existsSync(file)).toBe(true);
  process.kill(Number(readFileSync(file, 'utf8').split('\n')[0]), 'SIGKILL');
}

it('waits, and says why, while a process of a killed Postgres still holds the data', async () => {
  const { port } = await start(() => undefined);
  const { pid, client } = await connect(port);
  await client.query('create table kept (id int)');
  process.kill(pid, 'SIGSTOP');
  lingering = pid;
  killServer();

  const restarted = await start((step) => {
    steps.push(step);
    process.kill(pid, 'SIGCONT'); // now it sees that its server is gone, and ends
    lingering = undefined;
  });

  expect(steps).toEqual(['Waiting for processes of a killed Postgres to let go of its data']);
  const { client: later } = await connect(restarted.port);
  expect((await later.query('select count(*)::int as count from kept')).rows).toEqual([{ count: 0 }]);
  await later.end();
}, 60_000);
