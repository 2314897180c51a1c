import { BootstrapError } from '../bootstrap-error.mts';
import type { DatabaseHooks } from '../processes/server.mts';
import type { Engine } from './engine.mts';
import type { ContainerService } from './server.mts';

export interface SnapshotPlace {
  readonly engine: Engine;
  readonly image: string;
  readonly labels: Record<string, string>;
  /** The volume's mount point within the container; the copies lie within it as well. */
  readonly volume: string;
}

/** Adds snapshots to a Postgres container: while it is stopped, a second container with its volumes copies the data. */
export function withSnapshots(service: ContainerService, place: SnapshotPlace): ContainerService & DatabaseHooks {
  let count = 0;
  return {
    ...service,
    async snapshot() {
      count += 1;
      const copy = `.snapshot-${count}`;
      await service.stop();
      await runBeside(service, place, `rm -rf ${copy} && mkdir ${copy} && cp -a [!.]* ${copy}/`);
      await service.start();
      return {
        async restore() {
          await service.stop();
          await runBeside(service, place, `rm -rf [!.]* && cp -a ${copy}/. .`);
          await service.start();
        },
      };
    },
  };
}

async function runBeside(service: ContainerService, { engine, image, labels, volume }: SnapshotPlace, script: string): Promise<void> {
  const helper = await engine.docker.createContainer({
    Image: image,
    Labels: labels,
    User: '0',
    WorkingDir: volume,
    Entrypoint: ['sh', '-ec'],
    Cmd: [script],
    HostConfig: { VolumesFrom: [service.id], NetworkMode: 'none' },
  });
  try {
    await helper.start();
    const { StatusCode: status } = (await helper.wait()) as { StatusCode: number };
    if (status !== 0)
      throw new BootstrapError(`The database's volume could not be copied: the copying container ended with status ${status}.`);
  } finally {
    await helper.remove({ force: true });
  }
}
