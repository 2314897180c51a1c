import { messageOf } from '../bootstrap-error.mts';
import { images } from '../versions.mts';
import { connectEngine, type Engine } from './engine.mts';

const budgetMs = 20_000;

/** What this machine lacks to run the servers as containers: an engine that answers, and images local or pullable. */
export async function missingForContainers(): Promise<string[]> {
  const budget = AbortSignal.timeout(budgetMs);
  try {
    const engine = await within(budget, connectEngine());
    const unavailable = await within(budget, unavailableImages(engine, images));
    if (unavailable.length === 0) return [];
    return [`images that are neither local nor pullable (${unavailable.join(', ')}); "docker pull" tells why`];
  } catch (error) {
    return [`a container engine that answers, such as Docker (${firstLine(messageOf(error))})`];
  }
}

/** Those of the images that the engine neither has nor can get. */
async function unavailableImages(engine: Engine, names: readonly string[]): Promise<string[]> {
  const available = await Promise.all(names.map(async (name) => (await isLocal(engine, name)) || isPullable(engine, name)));
  return names.filter((_, index) => !available[index]);
}

/** Whether the engine holds this image. */
export async function isLocal(engine: Engine, image: string): Promise<boolean> {
  try {
    await engine.docker.getImage(image).inspect();
    return true;
  } catch {
    return false;
  }
}

/** Asks the image's registry for its manifest, without pulling it. */
async function isPullable(engine: Engine, image: string): Promise<boolean> {
  try {
    await engine.docker.getImage(image).distribution();
    return true;
  } catch {
    return false;
  }
}

async function within<T>(budget: AbortSignal, work: Promise<T>): Promise<T> {
  const expired = new Promise<never>((_, reject) => {
    budget.addEventListener('abort', () => reject(new Error(`no answer within ${budgetMs / 1000} s`)), { once: true });
  });
  return Promise.race([work, expired]);
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
