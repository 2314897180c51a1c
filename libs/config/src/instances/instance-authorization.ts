/** Keys of an `Authorization` header in Cloud Elements' form. */
export interface InstanceAuthorization {
  readonly user: string;
  readonly organization: string;
  /** An instance's own token, when it was sent along. */
  readonly element: string | null;
}

const PART = /^(User|Organization|Element)\s+(\S{1,500})$/i;

/** `User <secret>, Organization <secret>[, Element <token>]` in any order; null for anything else. */
export function readInstanceAuthorization(header: string | undefined): InstanceAuthorization | null {
  const parts = (header ?? '').split(',').map((part) => PART.exec(part.trim()));
  const found = new Map<string, string>();
  for (const part of parts) {
    const [, name = '', value = ''] = part ?? [];
    if (name === '' || found.has(name.toLowerCase())) return null;
    found.set(name.toLowerCase(), value);
  }
  const [user, organization] = [found.get('user'), found.get('organization')];
  return user === undefined || organization === undefined ? null : { user, organization, element: found.get('element') ?? null };
}
