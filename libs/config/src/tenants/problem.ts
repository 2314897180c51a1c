/** One thing that is wrong with what somebody wrote. Never quotes a secret. */
export interface Problem {
  /** Where, as it would be written in JavaScript: `tenants[0].connections[2].purchase.when`; empty for the whole. */
  readonly path: string;
  readonly message: string;
  /** 1-based line of the file; null when it came as JSON over HTTP. */
  readonly line: number | null;
}

export type Path = readonly (string | number)[];

const PLAIN = /^[A-Za-z_$][\w$]*$/;

/** A path as people read it. */
export const pathText = (path: Path): string =>
  path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!PLAIN.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');

/** Collects problems; knows where in the file each path stands. */
export class ProblemList {
  private readonly found: Problem[] = [];

  constructor(private readonly lineOf: (path: Path) => number | null = () => null) {}

  add(path: Path, message: string): void {
    this.found.push({ path: pathText(path), message, line: this.lineOf(path) });
  }

  get all(): readonly Problem[] {
    return this.found.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
  }
}
