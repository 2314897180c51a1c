/** What a command may use of the process it runs in. */
export interface Terminal {
  readonly environment: NodeJS.ProcessEnv;
  /** Folder with `avro/` and `postgres/`. */
  readonly schemasFolder: string;
  /** Whether a person reads what is said, and not a pipe. */
  readonly isTerminal: boolean;
  readonly say: (line: string) => void;
  /** Progress and warnings, kept apart from what a pipe reads. */
  readonly tell: (line: string) => void;
}
