import { BootstrapError } from '../bootstrap-error.mts';

export const PROJECTS = ['unit', 'int', 'e2e'] as const;
export type Project = (typeof PROJECTS)[number];

export interface TestRequest {
  /** Null: all of them, and the build, types and gates as well. */
  readonly only: Project | null;
  readonly jestArguments: readonly string[];
}

/** Reads `--only <project>`; everything else goes to jest, but for the `--` before it, after which jest would take options for paths. */
export function readTestRequest(args: readonly string[]): TestRequest {
  const jestArguments: string[] = [];
  let only: Project | null = null;
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? '';
    if (argument === '--only') only = projectCalled(args[++index] ?? '');
    else if (argument.startsWith('--only=')) only = projectCalled(argument.slice('--only='.length));
    else if (argument !== '--') jestArguments.push(argument);
  }
  return { only, jestArguments };
}

function projectCalled(name: string): Project {
  const project = PROJECTS.find((candidate) => candidate === name);
  if (project === undefined) throw new BootstrapError(`--only takes one of ${PROJECTS.join(', ')}; "${name}" is none of them.`);
  return project;
}
