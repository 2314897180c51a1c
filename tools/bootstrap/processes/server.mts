import { setTimeout as delay } from 'node:timers/promises';
import { BootstrapError } from '../bootstrap-error.mts';
import type { Child } from '../children.mts';
import { canListen, freePort } from '../free-port.mts';
import { lastLines } from '../last-lines.mts';

/** A local server as tests may treat it. */
export interface FaultHooks {
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Asks it to end and waits for that. */
  stop(): Promise<void>;
  /** Starts it again on the same port with the same data; resolves when it answers. */
  start(): Promise<void>;
}

/** A copy of a database server's data at one moment. */
export interface Snapshot {
  /** Ends the server, puts the copy in place of its data and starts it again on the same port. May be done again. */
  restore(): Promise<void>;
}

/** A database server that tests may also set back in time. */
export interface DatabaseHooks extends FaultHooks {
  /** Ends the server, copies its data and starts it again: clients see a restart. */
  snapshot(): Promise<Snapshot>;
}

/** A server process that can be stopped and started again. */
export interface Service extends FaultHooks {
  readonly port: number;
}

export interface ServiceRecipe {
  readonly name: string;
  /** The environment variable that sets its port, for messages. */
  readonly portVariable: string;
  /** 0 or undefined: any free one. */
  readonly requestedPort: number | undefined;
  readonly stopGraceMs: number;
  /** What a server's last lines say when it could not start for a reason that passes by itself within `forMs`. */
  readonly passing?: { readonly pattern: RegExp; readonly forMs: number; onWait(): void };
  spawn(port: number): Promise<Child>;
  /** Resolves when the server answers. `giveUp` throws when the process has died. */
  awaitReady(port: number, giveUp: () => void): Promise<void>;
}

const portAttempts = 5;
const portTaken = /address already in use|already in use by|port already bound|EADDRINUSE/i;

class PortTaken extends BootstrapError {}
class Passing extends BootstrapError {}

/** Starts a server, on another free port when someone else took the chosen one first. */
export async function startService(recipe: ServiceRecipe): Promise<Service> {
  const requested = recipe.requestedPort ?? 0;
  if (requested !== 0 && !(await canListen(requested))) throw portTakenError(recipe, requested);
  for (let attempt = 1; ; attempt++) {
    const port = requested === 0 ? await freePort() : requested;
    try {
      return describeService(recipe, port, await launch(recipe, port));
    } catch (error) {
      if (!(error instanceof PortTaken)) throw error;
      if (requested !== 0) throw portTakenError(recipe, port);
      if (attempt === portAttempts) throw error;
    }
  }
}

function describeService(recipe: ServiceRecipe, port: number, first: Child): Service {
  let child = first;
  return {
    port,
    kill: () => child.kill(),
    stop: () => child.stop(recipe.stopGraceMs),
    async start() {
      if (!child.isRunning()) child = await launch(recipe, port);
    },
  };
}

/** Starts the server, again and again while it ends for a reason that passes. */
async function launch(recipe: ServiceRecipe, port: number): Promise<Child> {
  const { passing } = recipe;
  const giveUpAtMs = performance.now() + (passing?.forMs ?? 0);
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await launchOnce(recipe, port);
    } catch (error) {
      if (!(error instanceof Passing) || performance.now() > giveUpAtMs) throw error;
      if (isFirst) passing?.onWait();
      await delay(200);
    }
  }
}

async function launchOnce(recipe: ServiceRecipe, port: number): Promise<Child> {
  const child = await recipe.spawn(port);
  const giveUp = () => {
    if (child.isRunning()) return;
    const log = lastLines(child.logFile);
    const isPassing = recipe.passing?.pattern.test(log) ?? false;
    const Failure = portTaken.test(log) ? PortTaken : isPassing ? Passing : BootstrapError;
    throw new Failure(`${recipe.name} ended while starting. Its last lines:\n${log}`);
  };
  try {
    await recipe.awaitReady(port, giveUp);
  } catch (error) {
    await child.kill();
    throw error;
  }
  return child;
}

function portTakenError(recipe: ServiceRecipe, port: number): BootstrapError {
  return new BootstrapError(
    `Port ${port} for ${recipe.name} is taken by another program. Stop that one, or set ${recipe.portVariable} to another port (0: any free one).`,
  );
}
