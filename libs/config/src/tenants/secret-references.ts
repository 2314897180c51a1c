import { connectionKind } from './connection-kinds.js';
import { ProblemList, type Path, type Problem } from './problem.js';
import { isObject } from './schema-problems.js';

/** `env:NAME` or `file:path` in the place of a secret. */
export interface SecretReference {
  readonly from: 'env' | 'file';
  readonly name: string;
}

/** The value behind a reference, or why there is none. */
export type Resolved = { readonly value: string } | { readonly problem: string };

const REFERENCE = /^(env|file):(.+)$/s;

export const isSecretReference = (value: unknown): boolean => typeof value === 'string' && REFERENCE.test(value);

type Resolve = (reference: SecretReference) => Resolved;

class References {
  constructor(
    private readonly resolve: Resolve,
    private readonly problems: ProblemList,
  ) {}

  private one(value: unknown, path: Path): unknown {
    const match = typeof value === 'string' ? REFERENCE.exec(value) : null;
    if (match === null) return value;
    const resolved = this.resolve({ from: match[1] === 'env' ? 'env' : 'file', name: match[2] ?? '' });
    if ('value' in resolved) return resolved.value;
    this.problems.add(path, resolved.problem);
    return undefined;
  }

  private secret(value: unknown, path: Path): unknown {
    return Array.isArray(value)
      ? (value as unknown[]).map((item, index) => this.one(item, [...path, index])).filter((item) => item !== undefined)
      : this.one(value, path);
  }

  connection(value: unknown, path: Path): unknown {
    if (!isObject(value) || typeof value['kind'] !== 'string') return value;
    const secrets = connectionKind(value['kind'])?.secrets.shape ?? {};
    return Object.fromEntries(
      Object.entries(value)
        .map(([name, field]) => [name, name in secrets ? this.secret(field, [...path, name]) : field] as const)
        .filter(([name, field]) => field !== undefined || value[name] === undefined),
    );
  }

  tenant(value: unknown, path: Path): unknown {
    if (!isObject(value) || !Array.isArray(value['connections'])) return value;
    const connections = value['connections'] as unknown[];
    return { ...value, connections: connections.map((connection, index) => this.connection(connection, [...path, 'connections', index])) };
  }
}

/** The file's content with every secret that is a reference replaced by its value; one that cannot be had is left out and told. */
export function resolveReferences(
  value: unknown,
  resolve: Resolve,
  lineOf: (path: Path) => number | null,
): { readonly value: unknown; readonly problems: readonly Problem[] } {
  const problems = new ProblemList(lineOf);
  const references = new References(resolve, problems);
  if (!isObject(value) || !Array.isArray(value['tenants'])) return { value, problems: [] };
  const tenants = (value['tenants'] as unknown[]).map((tenant, index) => references.tenant(tenant, ['tenants', index]));
  return { value: { ...value, tenants }, problems: problems.all };
}
