import { createHash } from 'node:crypto';

/** How a secret that leads arrivals to a connection (webhook token, write key) is known: SHA-256 hex; it is kept nowhere in clear but in the vault. */
export const addressHash = (secret: string): string => createHash('sha256').update(secret).digest('hex');
