import type { FaultHooks } from '../processes/server.mts';
import { BootstrapError, messageOf } from '../bootstrap-error.mts';
import { freePort } from '../free-port.mts';
import type { Engine } from './engine.mts';

type Container = ReturnType<Engine['docker']['getContainer']>;

export interface ContainerRecipe {
  readonly name: string;
  readonly image: string;
  /** The environment variable that sets its port, for messages. */
  readonly portVariable: string;
  /** 0 or undefined: any free one. */
  readonly requestedPort: number | undefined;
  /** The port inside; undefined: the same as outside. */
  readonly innerPort?: number;
  readonly environment: (port: number) => Record<string, string>;
  readonly command?: string[];
  /** Named volume and where it is mounted; without one the data goes with the container. */
  readonly volume?: { readonly name: string; readonly target: string };
  readonly network: string;
  /** The name under which other containers of the network reach it. */
  readonly alias: string;
  readonly labels: Record<string, string>;
  readonly stopGraceSeconds: number;
  /** Resolves when the server answers on the published port. `giveUp` throws when the container has ended. */
  readonly awaitReady: (port: number, giveUp: () => void) => Promise<void>;
}

export interface ContainerService extends FaultHooks {
  readonly id: string;
  readonly port: number;
  /** Ends and removes it, with unnamed volumes. */
  remove(): Promise<void>;
}

const portAttempts = 5;
const portTaken = /port is already allocated|address already in use|ports are not available/i;

/** Starts a container, on another free port when someone else took the chosen one first. */
export async function startContainer(engine: Engine, recipe: ContainerRecipe): Promise<ContainerService> {
  const requested = recipe.requestedPort ?? 0;
  for (let attempt = 1; ; attempt++) {
    const port = requested === 0 ? await freePort() : requested;
    const service = describeService(engine, recipe, port, await createContainer(engine, recipe, port));
    try {
      await service.start();
      return service;
    } catch (error) {
      await service.remove();
      if (!portTaken.test(messageOf(error))) throw error;
      if (requested === 0 && attempt < portAttempts) continue;
      throw new BootstrapError(
        `Port ${port} for ${recipe.name} is taken by another program. Stop that one, or set ${recipe.portVariable} to another port (0: any free one).`,
      );
    }
  }
}

function createContainer(engine: Engine, recipe: ContainerRecipe, port: number): Promise<Container> {
  const inner = `${recipe.innerPort ?? port}/tcp`;
  return engine.docker.createContainer({
    Image: recipe.image,
    Env: Object.entries(recipe.environment(port)).map(([key, value]) => `${key}=${value}`),
    Labels: recipe.labels,
    ExposedPorts: { [inner]: {} },
    ...(recipe.command && { Cmd: recipe.command }),
    HostConfig: {
      PortBindings: { [inner]: [{ HostIp: engine.host, HostPort: String(port) }] },
      Binds: recipe.volume ? [`${recipe.volume.name}:${recipe.volume.target}`] : [],
      ShmSize: 256 * 1024 * 1024,
      NetworkMode: recipe.network,
    },
    NetworkingConfig: { EndpointsConfig: { [recipe.network]: { Aliases: [recipe.alias] } } },
  });
}

function describeService(engine: Engine, recipe: ContainerRecipe, port: number, container: Container): ContainerService {
  const ignoreEnded = (error: Error & { statusCode?: number }) => {
    if (![304, 404, 409].includes(error.statusCode ?? 0)) throw error; // 304 and 409: not running; 404: gone
  };
  return {
    id: container.id,
    port,
    kill: () => container.kill({ signal: 'SIGKILL' }).then(() => awaitEnd(container), ignoreEnded),
    stop: () => container.stop({ t: recipe.stopGraceSeconds }).then(() => undefined, ignoreEnded),
    remove: () => container.remove({ force: true, v: true }).then(() => undefined, ignoreEnded),
    async start() {
      await container.start().catch(ignoreEnded);
      const watch = watchForEnd(container, recipe.name);
      await recipe.awaitReady(port, watch.giveUp).catch(async (error: unknown) => {
        throw watch.hasEnded()
          ? new BootstrapError(`${recipe.name} ended while starting. Its last lines:\n${await lastLogLines(container)}`)
          : error;
      });
    },
  };
}

async function awaitEnd(container: Container): Promise<void> {
  await container.wait({ condition: 'not-running' });
}

function watchForEnd(container: Container, name: string): { hasEnded: () => boolean; giveUp: () => void } {
  let isEnded = false;
  const markEnded = () => {
    isEnded = true;
  };
  awaitEnd(container).then(markEnded, markEnded);
  return {
    hasEnded: () => isEnded,
    giveUp: () => {
      if (isEnded) throw new BootstrapError(`${name} ended while starting`);
    },
  };
}

async function lastLogLines(container: Container): Promise<string> {
  const log = await container.logs({ stdout: true, stderr: true, tail: 20 });
  return dropFrames(log);
}

/** The engine's log stream puts a header of 8 bytes, the last four of which are the length, before each chunk. */
function dropFrames(log: Buffer): string {
  const chunks: string[] = [];
  for (let at = 0; at + 8 <= log.length;) {
    const end = at + 8 + log.readUInt32BE(at + 4);
    chunks.push(log.toString('utf8', at + 8, end));
    at = end;
  }
  return chunks.join('').trimEnd();
}
