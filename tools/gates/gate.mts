/** One thing that is not as it must be. */
export interface Finding {
  /** Path below the root, with `:line` where there is one. */
  readonly place: string;
  readonly rule: string;
  readonly message: string;
}

export interface GateReport {
  /** The gate is red when there is one. */
  readonly findings: readonly Finding[];
  /** How much it looked at, and what may be ignored; one line each. */
  readonly notes: readonly string[];
}

export interface Gate {
  readonly name: string;
  /** Printed below the findings. */
  readonly whatToDo: string;
  /** Looks at the tree below `root` with the configuration files that lie there; changes nothing. */
  check(root: string): Promise<GateReport>;
}
