import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BootstrapError } from '../bootstrap-error.mts';
import type { Run } from '../children.mts';
import { freePort } from '../free-port.mts';
import { kafkaProperties, renderProperties, type Properties } from '../kafka-properties.mts';
import { awaitKafka, type KafkaAccess } from '../kafka-readiness.mts';
import { lastLines } from '../last-lines.mts';
import { kafka } from '../versions.mts';
import { downloadFolder } from './download-folder.mts';
import type { Java } from './java.mts';
import { startService, type Service } from './server.mts';

export interface KafkaOptions {
  readonly run: Run;
  readonly java: Java;
  /** The folder with the broker's jars. */
  readonly libraries: string;
  /** Made and formatted when absent. */
  readonly dataFolder: string;
  /** A formatted folder that is copied instead, for data that is thrown away: formatting takes a JVM of its own. */
  readonly formatted?: string;
  readonly logFile: string;
  readonly port: number | undefined;
  /** Changes the usual broker properties. */
  readonly adaptProperties?: (usual: Properties) => Properties;
  /** How the readiness check connects; plain text unless told otherwise. */
  readonly access?: Omit<KafkaAccess, 'brokers'>;
}

const readyTimeoutMs = 60_000;
const stopGraceMs = 6_000;

/** Starts one KRaft broker that is its own controller; ready means that it leads the group coordinator as well. */
export async function startKafka(options: KafkaOptions): Promise<Service> {
  await formatOnce(options);
  return startService({
    name: 'Kafka',
    portVariable: 'KAFKA_PORT',
    requestedPort: options.port,
    stopGraceMs,
    async spawn(port) {
      const file = await writeProperties(options, port, options.dataFolder);
      const jvm = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', join(options.libraries, '*')];
      const { java, logFile, run } = options;
      return run.spawnChild('kafka', java.command, [...jvm, 'kafka.Kafka', file], { logFile, cwd: run.folder });
    },
    awaitReady: (port, giveUp) => awaitKafka({ ...options.access, brokers: [`127.0.0.1:${port}`] }, { timeoutMs: readyTimeoutMs, giveUp }),
  });
}

async function writeProperties(options: Pick<KafkaOptions, 'run' | 'adaptProperties'>, port: number, dataFolder: string): Promise<string> {
  const usual = kafkaProperties({ port, controllerPort: await freePort(), host: '127.0.0.1', dataFolder });
  const file = join(options.run.folder, 'server.properties');
  writeFileSync(file, renderProperties(options.adaptProperties?.(usual) ?? usual), { mode: 0o600 });
  return file;
}

/** Into a draft that is renamed when complete, so an interrupted start leaves nothing half-made. */
async function formatOnce(options: KafkaOptions): Promise<void> {
  const { dataFolder, formatted } = options;
  if (existsSync(dataFolder)) return;
  const draft = `${dataFolder}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  if (formatted === undefined) await format(options, draft);
  else cpSync(formatted, draft, { recursive: true });
  renameSync(draft, dataFolder);
}

/** Makes a folder that a broker of the usual properties can begin with; every copy of it has the same cluster id. */
export async function formattedFolder(
  options: Pick<KafkaOptions, 'run' | 'java' | 'libraries' | 'logFile'>,
  downloads: string,
): Promise<string> {
  const name = `kafka-formatted_${kafka.scalaVersion}-${kafka.version}`;
  return downloadFolder(downloads, name, (draft) => format(options, draft));
}

async function format(options: Omit<KafkaOptions, 'dataFolder' | 'port'>, folder: string): Promise<void> {
  const { java, libraries, logFile, run } = options;
  const file = await writeProperties(options, await freePort(), folder);
  const tool = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', join(libraries, '*'), 'kafka.tools.StorageTool'];
  const args = ['format', '-t', clusterId(), '-c', file, '--ignore-formatted'];
  const child = run.spawnChild('kafka-format', java.command, [...tool, ...args], { logFile, cwd: run.folder });
  const { code } = await child.exited;
  if (code !== 0) throw new BootstrapError(`Kafka's data folder could not be formatted. Its last lines:\n${lastLines(logFile)}`);
}

/** A random id in Kafka's form; a leading dash would be read as an option. */
export function clusterId(): string {
  const id = randomBytes(16).toString('base64url');
  return id.startsWith('-') ? clusterId() : id;
}
