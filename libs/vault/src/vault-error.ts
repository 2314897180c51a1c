export type VaultFailure =
  /** The text given as master keys cannot be used. */
  | 'bad-master-keys'
  /** A key in the database is wrapped by a master key that was not given. */
  | 'master-key-missing'
  /** A key in the database does not open with the master key of its id. */
  | 'master-key-wrong'
  /** A version of a tenant's key is not in the database (any more). */
  | 'tenant-key-missing'
  /** A stored subject key or secret does not open with the tenant's key: damaged, or moved from another row. */
  | 'stored-key-damaged'
  /** A caller's mistake: what should be looked up is not in the agreed form. */
  | 'bad-subject'
  /** Sealed bytes that do not authenticate: damaged, or sealed for another tenant, topic, subject or event. */
  | 'seal-broken'
  | 'seal-of-unknown-format'
  | 'secrets-version-taken';

/** What the vault refuses. Messages hold ids, versions and positions only: never a key, a secret or anything personal. */
export class VaultError extends Error {
  override readonly name = 'VaultError';
  constructor(
    readonly code: VaultFailure,
    message: string,
    /** Position in the batch of what is at fault; null when all of it is. */
    readonly position: number | null = null,
  ) {
    super(message);
  }
}
