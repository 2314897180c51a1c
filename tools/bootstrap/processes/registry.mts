import { join } from 'node:path';
import type { Run } from '../children.mts';
import { awaitRegistry, registryEnvironment, type RegistryDatabase } from '../registry-settings.mts';
import { registry } from '../versions.mts';
import type { Java } from './java.mts';
import { startService, type Service } from './server.mts';

export interface RegistryOptions {
  readonly run: Run;
  readonly java: Java;
  /** The folder with the unpacked distribution. */
  readonly distribution: string;
  readonly database: RegistryDatabase;
  readonly logFile: string;
  readonly port: number | undefined;
}

const readyTimeoutMs = 60_000;
const stopGraceMs = 3_000;

/** Starts Apicurio Registry with its data in Postgres. */
export function startRegistry(options: RegistryOptions): Promise<Service> {
  return startService({
    name: 'The schema registry',
    portVariable: 'REGISTRY_PORT',
    requestedPort: options.port,
    stopGraceMs,
    async spawn(port) {
      const { distribution, java, logFile, run } = options;
      const env = { ...process.env, ...registryEnvironment({ host: '127.0.0.1', port, database: options.database }) };
      const args = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-jar', join(distribution, registry.runnerJar)];
      return run.spawnChild('registry', java.command, args, { logFile, env, cwd: distribution });
    },
    awaitReady: (port, giveUp) => awaitRegistry(`http://127.0.0.1:${port}`, { timeoutMs: readyTimeoutMs, giveUp }),
  });
}
