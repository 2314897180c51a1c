import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { BootstrapError } from '../bootstrap-error.mts';

/** What `npm start` reads from the environment; a port is null when none was asked for, 0 means any free one. */
export interface StartSettings {
  readonly home: string;
  /** Null: nothing is applied. */
  readonly tenantsFile: string | null;
  /** Whether the demo's orders are sent. */
  readonly isDemo: boolean;
  readonly ingestPort: number | null;
  readonly controlPort: number | null;
  readonly identityPort: number | null;
  readonly tiktokPort: number | null;
  readonly fulfillmentPort: number | null;
  readonly kafkaPort: number | null;
  readonly registryPort: number | null;
  readonly postgresPort: number | null;
  /** Null: the simulator is started. */
  readonly tiktokBaseUrl: string | null;
  /** Null: the simulator is started. */
  readonly trackingtechBaseUrl: string | null;
}

export const DEMO_TENANTS_FILE = 'deploy/demo/tenants.yaml';
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Throws one BootstrapError that lists every problem. */
export function readStartSettings(env: NodeJS.ProcessEnv, root: string): StartSettings {
  const problems: string[] = [];
  const given = (name: string): string | null => env[name] || null;
  const port = (name: string): number | null => {
    const text = given(name);
    if (text === null) return null;
    if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) problems.push(`${name}=${text}: must be a port, 0 to 65535 (0: any free one)`);
    return Number(text);
  };

  const demo = given('TRIBUTARY_DEMO') ?? 'on';
  if (demo !== 'on' && demo !== 'off') problems.push(`TRIBUTARY_DEMO=${demo}: must be on or off`);
  const asked = given('TRIBUTARY_TENANTS');
  // npm runs scripts in the package's folder; INIT_CWD is the one that the person stands in.
  const ownFile = asked === null ? null : resolve(given('INIT_CWD') ?? root, asked);
  if (ownFile !== null && !existsSync(ownFile)) problems.push(`TRIBUTARY_TENANTS=${asked}: there is no such file`);
  const isDemo = ownFile === null && demo === 'on';
  const vendorUrl = (name: string): string | null => {
    const address = given(name);
    if (address === null) return null;
    if (!URL.canParse(address)) problems.push(`${name}=${address}: must be a URL`);
    else if (isDemo && !LOOPBACK.test(new URL(address).hostname))
      problems.push(
        `${name}=${address}: the demo’s invented orders would be sent there; set TRIBUTARY_TENANTS to a file of your own, or TRIBUTARY_DEMO=off`,
      );
    return address;
  };
  const tiktokBaseUrl = vendorUrl('TIKTOK_BASE_URL');
  const trackingtechBaseUrl = vendorUrl('TRACKINGTECH_BASE_URL');

  const settings: StartSettings = {
    home: resolve(root, given('TRIBUTARY_HOME') ?? '.tributary'),
    tenantsFile: ownFile ?? (demo === 'off' ? null : resolve(root, DEMO_TENANTS_FILE)),
    isDemo,
    ingestPort: port('INGEST_PORT'),
    controlPort: port('CONTROL_PORT'),
    identityPort: port('IDENTITY_PORT'),
    tiktokPort: port('TIKTOK_PORT'),
    fulfillmentPort: port('FULFILLMENT_PORT'),
    kafkaPort: port('KAFKA_PORT'),
    registryPort: port('REGISTRY_PORT'),
    postgresPort: port('POSTGRES_PORT'),
    tiktokBaseUrl,
    trackingtechBaseUrl,
  };
  if (problems.length === 0) return settings;
  throw new BootstrapError(`The environment needs a change:\n${problems.map((problem) => `- ${problem}`).join('\n')}`);
}
