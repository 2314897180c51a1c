import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { appArguments } from '../app-arguments.mts';
import type { InfrastructureAddresses } from '../infrastructure.port.mts';
import type { AppPorts } from './app-ports.mts';
import type { StartSettings } from './settings.mts';
import type { Program } from './supervisor.mts';

export const APPS = ['ingest', 'identity', 'tiktok', 'fulfillment', 'control'] as const;
export const TIKTOK_SIMULATOR = 'tiktok-simulator';
export const SHOP_SIMULATOR = 'woocommerce-simulator';
/** The number of the demo's first order is the one after its product's. */
const FIRST_SHOP_ID = 1041;
export const TRACKINGTECH_SIMULATOR = 'trackingtech-simulator';

export interface LocalAddresses {
  readonly ingestUrl: string;
  readonly controlUrl: string;
  readonly identityUrl: string;
  readonly tiktokUrl: string;
  readonly tiktokBaseUrl: string;
  /** Of the demo's shop. */
  readonly shopUrl: string;
  readonly fulfillmentUrl: string;
  readonly trackingtechBaseUrl: string;
}

const local = (port: number): string => `http://127.0.0.1:${port}`;

export const addressesOf = (
  ports: AppPorts,
  { tiktokBaseUrl, trackingtechBaseUrl }: Pick<StartSettings, 'tiktokBaseUrl' | 'trackingtechBaseUrl'>,
): LocalAddresses => ({
  ingestUrl: local(ports.ingest),
  controlUrl: local(ports.control),
  identityUrl: local(ports.identity),
  tiktokUrl: local(ports.tiktok),
  tiktokBaseUrl: tiktokBaseUrl ?? local(ports.tiktokSimulator),
  shopUrl: local(ports.demoShop),
  fulfillmentUrl: local(ports.fulfillment),
  trackingtechBaseUrl: trackingtechBaseUrl ?? local(ports.trackingtechSimulator),
});

/** What tells the apps and the CLI where everything is; secrets only inside the database's URL. */
export const environmentOf = (
  home: string,
  infrastructure: InfrastructureAddresses,
  ports: AppPorts,
  addresses: LocalAddresses,
): Readonly<Record<string, string>> => ({
  TRIBUTARY_HOME: home,
  KAFKA_BROKERS: infrastructure.kafkaBrokers,
  SCHEMA_REGISTRY_URL: infrastructure.schemaRegistryUrl,
  DATABASE_URL: infrastructure.databaseUrl,
  INGEST_PORT: String(ports.ingest),
  CONTROL_PORT: String(ports.control),
  IDENTITY_PORT: String(ports.identity),
  TIKTOK_PORT: String(ports.tiktok),
  FULFILLMENT_PORT: String(ports.fulfillment),
  INGEST_URL: addresses.ingestUrl,
  PUBLIC_INGEST_URL: addresses.ingestUrl,
  CONTROL_URL: addresses.controlUrl,
  IDENTITY_URL: addresses.identityUrl,
  TIKTOK_URL: addresses.tiktokUrl,
  TIKTOK_BASE_URL: addresses.tiktokBaseUrl,
  FULFILLMENT_URL: addresses.fulfillmentUrl,
  TRACKINGTECH_BASE_URL: addresses.trackingtechBaseUrl,
});

/** An app as `npm start` runs it. */
export const appProgram = (root: string, name: string, env: NodeJS.ProcessEnv): Program => ({
  name,
  args: appArguments(root, name),
  env,
});

const simulatorProgram = (name: string, folder: string, root: string, home: string, port: number, env: NodeJS.ProcessEnv): Program => ({
  name,
  args: [join(root, 'test', 'simulators', folder, 'main.ts'), '--port', String(port), '--state', join(home, 'data', `${name}.jsonl`)],
  env,
});

/** TikTok's stand-in; what it counted is kept, so that a later start still deduplicates. */
export const tiktokSimulatorProgram = (root: string, home: string, port: number, env: NodeJS.ProcessEnv): Program =>
  simulatorProgram(TIKTOK_SIMULATOR, 'tiktok', root, home, port, env);

/** The courier's stand-in; it keeps its orders. */
export const trackingtechSimulatorProgram = (root: string, home: string, port: number, env: NodeJS.ProcessEnv): Program =>
  simulatorProgram(TRACKINGTECH_SIMULATOR, 'trackingtech', root, home, port, env);

const shopFile = (home: string): string => join(home, 'data', 'demo-shop');

/** Whether this home has had the demo: its shop then goes on being asked. */
export const hasDemoShop = (home: string): boolean => existsSync(shopFile(home));

/** The demo's shop, kept over starts; its keys are those of the demo's tenants file. */
export const shopSimulatorProgram = (root: string, home: string, port: number, key: string, env: NodeJS.ProcessEnv): Program => ({
  name: SHOP_SIMULATOR,
  args: [
    join(root, 'test', 'simulators', 'woocommerce', 'main.ts'),
    '--port',
    String(port),
    '--key',
    key,
    '--queue-every',
    '0.2',
    '--state',
    shopFile(home),
    '--first-id',
    String(FIRST_SHOP_ID),
  ],
  env,
});
