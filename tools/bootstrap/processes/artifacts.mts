import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BootstrapError } from '../bootstrap-error.mts';
import type { Run } from '../children.mts';
import { lastLines } from '../last-lines.mts';
import type { OnProgress } from '../progress.mts';
import { kafka, maven, registry } from '../versions.mts';
import { downloadFolder } from './download-folder.mts';
import { findMaven, unpack } from './maven.mts';

export interface ArtifactContext {
  readonly downloads: string;
  readonly run: Run;
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: OnProgress;
}

/** The folder with Kafka's jars, from Maven Central on the first call. */
export function kafkaLibraries(context: ArtifactContext): Promise<string> {
  return downloadFolder(context.downloads, `kafka_${kafka.scalaVersion}-${kafka.version}`, async (draft) => {
    const pom = join(context.run.folder, 'kafka-pom.xml');
    writeFileSync(pom, kafkaPom());
    await runMaven(context, 'Downloading Kafka (44 MB)', [
      '-f',
      pom,
      `${maven.dependencyPlugin}:copy-dependencies`,
      `-DoutputDirectory=${draft}`,
      '-DincludeScope=runtime',
    ]);
  });
}

/** The folder with Apicurio Registry's runner jar, from Maven Central on the first call. */
export function registryDistribution(context: ArtifactContext): Promise<string> {
  return downloadFolder(context.downloads, `apicurio-registry-${registry.version}`, async (draft) => {
    await runMaven(context, 'Downloading the schema registry (109 MB)', [
      `${maven.dependencyPlugin}:copy`,
      `-Dartifact=${registry.artifact}`,
      `-DoutputDirectory=${draft}`,
    ]);
    unpack(join(draft, registry.archive), draft);
    rmSync(join(draft, registry.archive));
  });
}

async function runMaven(context: ArtifactContext, step: string, args: readonly string[]): Promise<void> {
  context.onProgress(step);
  const command = await findMaven(context.downloads, context.env);
  const logFile = join(context.run.folder, 'maven.log');
  const child = context.run.spawnChild('mvn', command, ['-B', ...args], { logFile, env: context.env, cwd: context.run.folder });
  const timer = setInterval(() => context.onProgress(step, lastDownload(logFile)), 500);
  const { code } = await child.exited.finally(() => clearInterval(timer));
  if (code === 0) return;
  throw new BootstrapError(
    `${step} failed. Maven must reach Maven Central, directly or through a mirror in ~/.m2/settings.xml; then start again. Its last lines:\n${lastLines(logFile)}`,
  );
}

function lastDownload(logFile: string): string {
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n');
  return (
    lines
      .findLast((line) => line.startsWith('Download'))
      ?.split('/')
      .at(-1)
      ?.split(' ')[0] ?? ''
  );
}

function kafkaPom(): string {
  const dependencies = kafka.artifacts.map(
    ({ groupId, artifactId, version }) =>
      `<dependency><groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${version}</version></dependency>`,
  );
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>tributary</groupId><artifactId>kafka-runtime</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${dependencies.join('')}</dependencies></project>
`;
}
