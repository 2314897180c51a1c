import type { InfrastructureOptions, StartedBackend } from '../infrastructure.mts';
export async function startContainers(_options: InfrastructureOptions): Promise<StartedBackend> {
  throw new Error('not written yet');
}
