import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openRun, type Run } from '../children.mts';
import { ensureBuilt } from '../built.mts';
import { endForeground } from '../foreground.mts';
import { startInfrastructure } from '../infrastructure.mts';
import type { Infrastructure } from '../infrastructure.port.mts';
import { keptText, newPassword } from '../kept-text.mts';
import type { OnProgress } from '../progress.mts';
import { waitUntil } from '../wait-until.mts';
import { chooseAppPorts } from './app-ports.mts';
import { runCommand } from './command-line.mts';
import { ControlClient } from './control-client.mts';
import { demoShopKey, writeDemoTenants } from './demo.mts';
import { removeEnvironmentFile, writeEnvironmentFile } from './environment-file.mts';
import {
  addressesOf,
  appProgram,
  APPS,
  environmentOf,
  hasDemoShop,
  SHOP_SIMULATOR,
  shopSimulatorProgram,
  TIKTOK_SIMULATOR,
  tiktokSimulatorProgram,
  TRACKINGTECH_SIMULATOR,
  trackingtechSimulatorProgram,
  type LocalAddresses,
} from './programs.mts';
import type { StartSettings } from './settings.mts';
import { Supervisor } from './supervisor.mts';

const READY_WITHIN_MS = 120_000;
const APPS_STOP_WITHIN_MS = 3_000;
/** Servers that are only just starting are stopped in order once they are there; a download is not waited for. */
const STARTING_SERVERS_MS = 6_000;
/** A laptop's number of partitions; fixed for the life of the topics. */
const LOCAL_TOPICS = ['--local', '--partitions', '12', '--replication-factor', '1', '--min-isr', '1'];

export interface InstallationOptions {
  readonly root: string;
  readonly settings: StartSettings;
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: OnProgress;
  /** For what happens while it runs, such as an app that is started again. */
  readonly say: (line: string) => void;
}

export interface Running {
  readonly addresses: LocalAddresses;
  /** Where shops reach ingest. */
  readonly publicIngestUrl: string;
  readonly control: ControlClient;
  readonly adminToken: string;
  readonly logFolder: string;
  /** What `apply` printed; undefined when there was nothing to apply. */
  readonly applied: string | undefined;
}

/** Everything that `npm start` starts: servers, apps, simulator. */
export class Installation {
  readonly #options: InstallationOptions;
  #run: Run | undefined;
  #supervisor: Supervisor | undefined;
  #startingServers: Promise<Infrastructure> | undefined;
  readonly #stopping = new AbortController();

  constructor(options: InstallationOptions) {
    this.#options = options;
  }

  /** Resolves when every app is ready and the settings are applied. */
  async start(): Promise<Running> {
    const { env, onProgress, root, say, settings } = this.#options;
    const { home, isDemo } = settings;
    this.#run = await openRun({ home, kind: 'start-apps', isExclusive: true, onProgress });
    const ports = await chooseAppPorts(settings);
    await ensureBuilt(root, onProgress);
    const { signal } = this.#stopping;
    this.#startingServers = startInfrastructure({ home, persistent: true, onProgress, env, ports: serverPorts(settings), signal });
    const { addresses: servers } = await this.#startingServers;

    const addresses = addressesOf(ports, settings);
    const local = environmentOf(home, servers, ports, addresses);
    writeEnvironmentFile(home, local, env);
    // Shops of a local start may be on this machine.
    const environment: NodeJS.ProcessEnv = { ALLOW_PRIVATE_STORE_HOSTS: 'on', ...env, ...local, ...publicAddressOf(env) };
    await this.#deploy(environment);

    const logFolder = join(home, 'logs');
    this.#supervisor = new Supervisor({ run: this.#run, logFolder, cwd: root, say });
    if (settings.tiktokBaseUrl === null) this.#supervisor.start(tiktokSimulatorProgram(root, home, ports.tiktokSimulator, env));
    if (settings.trackingtechBaseUrl === null)
      this.#supervisor.start(trackingtechSimulatorProgram(root, home, ports.trackingtechSimulator, env));
    if (isDemo || hasDemoShop(home)) this.#supervisor.start(shopSimulatorProgram(root, home, ports.demoShop, demoShopKey(root), env));
    for (const app of APPS) this.#supervisor.start(appProgram(root, app, environment));
    const adminToken = env['TRIBUTARY_ADMIN_TOKEN'] || keptText(join(home, 'admin.token'), newPassword);
    const control = new ControlClient(addresses.controlUrl, adminToken);
    await this.#untilReady(control, this.#supervisor);
    const tenantsFile = isDemo ? writeDemoTenants(root, home, addresses.shopUrl) : settings.tenantsFile;
    const applied = tenantsFile === null ? undefined : await this.#apply(tenantsFile, environment);
    const publicIngestUrl = environment['PUBLIC_INGEST_URL'] ?? addresses.ingestUrl;
    return { addresses, publicIngestUrl, control, adminToken, logFolder, applied };
  }

  /** Ends the apps, then the servers; what was never started is no obstacle. */
  async stop(): Promise<void> {
    this.#run?.beginToEnd();
    this.#stopping.abort();
    await endForeground(500);
    await this.#supervisor?.stop(APPS, APPS_STOP_WITHIN_MS);
    await this.#supervisor?.stop([TIKTOK_SIMULATOR, TRACKINGTECH_SIMULATOR, SHOP_SIMULATOR], 500);
    await this.#run?.stopChildren(500);
    const starting = this.#startingServers?.catch(() => undefined);
    const servers = await Promise.race([starting, delay(STARTING_SERVERS_MS, undefined)]);
    await servers?.stop();
    if (this.#run === undefined) return;
    removeEnvironmentFile(this.#options.settings.home);
    this.#run.close();
  }

  async #deploy(environment: NodeJS.ProcessEnv): Promise<void> {
    this.#options.onProgress('Preparing database, topics and schemas');
    await Promise.all([
      this.#command(['migrate'], environment),
      this.#command(['topics', 'apply', ...LOCAL_TOPICS], environment),
      this.#command(['schemas', 'register'], environment),
    ]);
  }

  async #apply(tenantsFile: string, environment: NodeJS.ProcessEnv): Promise<string> {
    this.#options.onProgress('Applying the settings');
    return this.#command(['apply', '-f', tenantsFile], environment);
  }

  #command(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<string> {
    if (this.#run === undefined) throw new Error('no run is open');
    return runCommand(this.#options.root, this.#run, args, environment);
  }

  async #untilReady(control: ControlClient, supervisor: Supervisor): Promise<void> {
    const step = 'Starting ingest, identity, tiktok, fulfillment and control';
    this.#options.onProgress(step);
    await waitUntil(
      {
        what: `readiness of every app (logs: ${join(this.#options.settings.home, 'logs')})`,
        timeoutMs: READY_WITHIN_MS,
        giveUp: () => supervisor.failIfHopeless(),
      },
      async () => {
        const missing = await control.notReady();
        if (missing === undefined) return true;
        this.#options.onProgress(step, missing);
        throw new Error(missing);
      },
    );
  }
}

/** A tunnel to this machine, say; else shops of this machine alone reach it. */
const publicAddressOf = ({ PUBLIC_INGEST_URL: url }: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  url === undefined || url === '' ? {} : { PUBLIC_INGEST_URL: url };

const serverPorts = ({ kafkaPort, registryPort, postgresPort }: StartSettings) => ({
  kafka: kafkaPort ?? 0,
  registry: registryPort ?? 0,
  postgres: postgresPort ?? 0,
});
