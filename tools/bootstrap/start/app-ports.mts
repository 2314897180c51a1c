import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BootstrapError } from '../bootstrap-error.mts';
import { canListen, freePort } from '../free-port.mts';
import { makePassableFolder } from '../passable-folder.mts';
import type { StartSettings } from './settings.mts';

export interface AppPorts {
  readonly ingest: number;
  readonly control: number;
  readonly identity: number;
  readonly tiktok: number;
  readonly tiktokSimulator: number;
  readonly demoShop: number;
  readonly fulfillment: number;
  readonly trackingtechSimulator: number;
}

/** Ports of the apps. People and shops are told those of ingest and control, so when a usual one is taken, a person decides. */
export async function chooseAppPorts(settings: StartSettings): Promise<AppPorts> {
  return {
    ingest: await fixedPort('INGEST_PORT', settings.ingestPort ?? 8080),
    control: await fixedPort('CONTROL_PORT', settings.controlPort ?? 8081),
    identity: settings.identityPort === null ? await usualOrFreePort(8082) : await fixedPort('IDENTITY_PORT', settings.identityPort),
    tiktok: settings.tiktokPort === null ? await usualOrFreePort(8083) : await fixedPort('TIKTOK_PORT', settings.tiktokPort),
    tiktokSimulator: await freePort(),
    demoShop: await keptPort(join(settings.home, 'data', 'demo-shop-port')),
    fulfillment:
      settings.fulfillmentPort === null ? await usualOrFreePort(8084) : await fixedPort('FULFILLMENT_PORT', settings.fulfillmentPort),
    trackingtechSimulator: await freePort(),
  };
}

async function fixedPort(variable: string, port: number): Promise<number> {
  if (port === 0) return freePort();
  if (await canListen(port)) return port;
  throw new BootstrapError(
    `Port ${port} is taken by another program. Stop that one, or set ${variable} to another port (0: any free one).`,
  );
}

/** A shop's address is part of its settings: the port of an earlier start, unless somebody else has it by now. */
async function keptPort(file: string): Promise<number> {
  const kept = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  if (kept > 0 && (await canListen(kept))) return kept;
  const port = await freePort();
  makePassableFolder(dirname(file));
  writeFileSync(`${file}.new`, String(port), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return port;
}

const usualOrFreePort = async (port: number): Promise<number> => ((await canListen(port)) ? port : freePort());
