import { createHash } from 'node:crypto';
import { identify, isAlive, type ProcessIdentity } from '../process-identity.mts';
import type { OnProgress } from '../progress.mts';
import type { Engine } from './engine.mts';

const homeLabel = 'tributary.home';
const kindLabel = 'tributary.kind';
const parentLabel = 'tributary.parent';

/** Labels by which a later start finds what a killed one left: its home, kind and the process that started it. */
export function runLabels(home: string, kind: string): Record<string, string> {
  return { ...ownLabels(home, kind), [parentLabel]: JSON.stringify(identify(process.pid)) };
}

/** Removes containers and networks of this home and kind whose starter is dead. */
export async function removeLeftovers(engine: Engine, home: string, kind: string, onProgress?: OnProgress): Promise<void> {
  const filters = JSON.stringify({ label: Object.entries(ownLabels(home, kind)).map(([key, value]) => `${key}=${value}`) });
  const isLeft = ({ Labels }: { Labels?: Record<string, string> | undefined }) => {
    const parent = JSON.parse(Labels?.[parentLabel] ?? '{"pid":0}') as ProcessIdentity;
    return !isAlive(parent);
  };
  const containers = (await engine.docker.listContainers({ all: true, filters })).filter(isLeft);
  if (containers.length > 0) onProgress?.(`Removing what a killed start left behind: ${containers.map(({ Image }) => Image).join(', ')}`);
  for (const { Id } of containers) await engine.docker.getContainer(Id).remove({ force: true, v: true });
  const networks = await engine.docker.listNetworks({ filters });
  for (const { Id } of networks.filter(isLeft)) await engine.docker.getNetwork(Id).remove();
}

function ownLabels(home: string, kind: string): Record<string, string> {
  return { [homeLabel]: createHash('sha256').update(home).digest('hex').slice(0, 16), [kindLabel]: kind };
}
