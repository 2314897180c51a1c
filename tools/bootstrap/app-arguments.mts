import { builtApp } from './built.mts';

/**
 * Flags of Node for every app: stack traces that name the sources, and a heap that is collected before it has doubled. V8's own
 * defaults are for machines with memory to spare; these cost a few per cent of throughput and save a third of it.
 */
const APP_FLAGS = [
  '--disable-warning=TimeoutNegativeWarning',
  '--enable-source-maps',
  '--max-semi-space-size=8',
  '--heap-growing-percent=20',
] as const;

/** What Node is started with to run an app (or the CLI). */
export const appArguments = (root: string, app: string): string[] => [...APP_FLAGS, builtApp(root, app)];
