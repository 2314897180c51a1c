// Usage: node tools/bootstrap/run.mjs <script.mts> [arguments]
// Installs what package-lock.json asks for when it is not there, then runs the script under Node 24. It is the one file
// that may run under an older Node, before anything is installed, so it is plain JavaScript without dependencies.
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join, resolve, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const minimumNode = 20;
const targetNode = 24;
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const modules = join(root, 'node_modules');
const stamp = join(modules, '.tributary-install');

const majorOf = (version) => Number(version.replace(/^v/, '').split('.')[0]);

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Hash of what determines the content of node_modules. */
function wantedStamp() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  return createHash('sha256').update(lock).update(`${process.platform}-${process.arch}`).digest('hex');
}

function isCurrent() {
  if (!existsSync(nodeBinary()) && majorOf(process.version) < targetNode) return false;
  const found = existsSync(stamp) ? readFileSync(stamp, 'utf8').trim() : undefined;
  if (found === wantedStamp()) return true;
  if (!matchesLock()) return false;
  writeFileSync(stamp, wantedStamp());
  return true;
}

/** Whether npm's own record of node_modules, written at the end of an install by hand, has every package of the lock file. */
function matchesLock() {
  const record = join(modules, '.package-lock.json');
  if (!existsSync(record)) return false;
  try {
    const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
    const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
    return Object.entries(wanted).every(([path, { version, optional, link }]) => {
      if (path === '' || link || !path.startsWith('node_modules/')) return true;
      return installed[path] === undefined ? optional === true : installed[path].version === version;
    });
  } catch {
    return false;
  }
}

/** Runs `work` while holding a lock file, so that two first starts do not install into one folder. */
async function withInstallLock(work) {
  const folder = resolve(root, process.env.TRIBUTARY_HOME || '.tributary');
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o711 });
  const lock = join(folder, 'install.lock');
  const draft = `${lock}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, String(process.pid));
  process.once('exit', () => rmSync(draft, { force: true }));
  while (!tryLink(draft, lock)) {
    const holder = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0;
    if (holder && !isRunning(holder)) rmSync(lock, { force: true });
    else await delay(300);
  }
  const release = () => rmSync(lock, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

function tryLink(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch {
    return false;
  }
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** PATH without any node_modules/.bin: the Node that installs must not be the one that the install replaces. */
function outsidePath() {
  const entries = (process.env.PATH ?? '').split(delimiter);
  return entries.filter((entry) => !entry.includes(`node_modules${sep}`)).join(delimiter);
}

/** The errors among npm's lines, which come before its help text, and what to do. */
function explainFailure(output) {
  const lines = output.trimEnd().split('\n');
  const errors = lines.filter((line) => /^npm (error|ERR!) \S/.test(line)).slice(0, 15);
  const advice = output.includes('EUSAGE')
    ? 'package.json and package-lock.json disagree: run "npm install" and commit the lock file.'
    : 'Check that npm reaches its registry ("npm ping") and that the disk has 1 GB free, then start again.';
  return `${(errors.length > 0 ? errors : lines.slice(-20)).join('\n')}\n\nnpm ci failed (its messages above). ${advice}`;
}

function install() {
  const env = { ...process.env, PATH: outsidePath() };
  const args = ['ci', '--no-audit', '--no-fund'];
  const npm = spawnSync('npm', ['--version'], { env, encoding: 'utf8' });
  if (npm.status !== 0) {
    fail(`npm was not found on the PATH. Install Node ${minimumNode} or newer with npm (https://nodejs.org), then start again.`);
  }
  rmSync(stamp, { force: true });
  return new Promise((resolvePromise) => {
    const started = Date.now();
    const elapsed = () => `${Math.round((Date.now() - started) / 1000)} s`;
    const draw = () => process.stderr.write(`\r\x1b[2K  … Installing packages ${elapsed()}`);
    process.stderr.write(process.stderr.isTTY ? '' : '  … Installing packages (npm ci)\n');
    const timer = process.stderr.isTTY ? setInterval(draw, 200) : undefined;
    const child = spawn('npm', args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk) => {
      output = (output + chunk).slice(-100_000);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('close', (code) => {
      clearInterval(timer);
      if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K');
      if (code !== 0) {
        fail(explainFailure(output));
      }
      writeFileSync(stamp, wantedStamp());
      process.stderr.write(`  ✓ Installed packages ${elapsed()}\n`);
      resolvePromise();
    });
  });
}

function nodeBinary() {
  return join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/** The newest Node at hand that strips types by itself. */
function findNode() {
  const installed = spawnSync(nodeBinary(), ['--version'], { encoding: 'utf8' });
  if (installed.status === 0 && majorOf(installed.stdout) >= targetNode) return nodeBinary();
  if (majorOf(process.version) >= targetNode) return process.execPath;
  return fail(
    `Node ${targetNode} is needed; this is ${process.version}, and the npm package "node" brought none for ${process.platform}-${process.arch}. ` +
      `If install scripts are switched off, run "npm rebuild node --ignore-scripts=false"; else install Node ${targetNode}.`,
  );
}

/** Runs the script and ends as it ends. It leads a group of its own, so each signal reaches it once: from here. */
function execute(script, args) {
  const flags = ['--disable-warning=TimeoutNegativeWarning', '--import', join(root, 'tools', 'bootstrap', 'end-with-parent.mjs')];
  const env = { ...process.env, PATH: `${dirname(nodeBinary())}${delimiter}${process.env.PATH ?? ''}` };
  const child = spawn(findNode(), [...flags, resolve(script), ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: true,
    env,
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => fail(`${script} could not be started: ${error.message}`));
  child.once('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

const [script, ...args] = process.argv.slice(2);
if (majorOf(process.version) < minimumNode)
  fail(`Node ${minimumNode} or newer is needed; this is ${process.version}. Install a newer one from https://nodejs.org.`);
if (!script) fail('usage: node tools/bootstrap/run.mjs <script.mts> [arguments]');
if (!existsSync(join(root, 'package-lock.json'))) fail(`${root} has no package-lock.json: is this a complete clone?`);
if (!isCurrent()) {
  await withInstallLock(async () => {
    if (!isCurrent()) await install();
  });
}
execute(script, args);
