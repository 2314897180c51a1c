import { BootstrapError, messageOf } from '../bootstrap-error.mts';
import type { OnProgress } from '../progress.mts';
import type { Engine } from './engine.mts';
import { isLocal } from './probe.mts';

/** Pulls the images that the engine does not hold, one after the other. */
export async function pullMissing(engine: Engine, images: readonly string[], onProgress: OnProgress): Promise<void> {
  for (const image of images) {
    if (await isLocal(engine, image)) continue;
    const step = `Pulling ${image}`;
    onProgress(step);
    try {
      await pull(engine, image, (detail) => onProgress(step, detail));
    } catch (error) {
      throw new BootstrapError(
        `${image} could not be pulled (${messageOf(error)}). Try "docker pull ${image}", or set TEST_BACKEND=processes.`,
      );
    }
  }
}

async function pull(engine: Engine, image: string, onDetail: (detail: string) => void): Promise<void> {
  const stream = await engine.docker.pull(image);
  await new Promise<void>((resolve, reject) => {
    engine.docker.modem.followProgress(
      stream,
      (error: Error | null) => (error ? reject(error) : resolve()),
      (event: { status?: string }) => onDetail(event.status ?? ''),
    );
  });
}
