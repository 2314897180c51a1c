import type { getContainerRuntimeClient } from 'testcontainers';

type RuntimeClient = Awaited<ReturnType<typeof getContainerRuntimeClient>>;

export interface Engine {
  readonly docker: RuntimeClient['container']['dockerode'];
  /** Where published ports are reached; 127.0.0.1 unless the engine runs elsewhere. */
  readonly host: string;
}

/** The engine that testcontainers finds (DOCKER_HOST, the usual sockets); rejects when none answers. */
export async function connectEngine(): Promise<Engine> {
  const { getContainerRuntimeClient: connect } = await import('testcontainers');
  const client = await connect();
  const host = client.info.containerRuntime.host;
  return { docker: client.container.dockerode, host: host === 'localhost' ? '127.0.0.1' : host };
}
