declare const brand: unique symbol;
type Branded<T, B extends string> = T & { readonly [brand]: B };

/** One installation's customer: `[a-z0-9-]{1,40}`. The first field of every command, event, table key and log line. */
export type TenantId = Branded<string, 'TenantId'>;
/** A source or destination of a tenant: `[a-z0-9-]{1,40}`, unique within the tenant. */
export type ConnectionId = Branded<string, 'ConnectionId'>;
/** Random id (UUID) that stands for a person's mail, phone, visitor, customer or order; given by the vault only. */
export type SubjectId = Branded<string, 'SubjectId'>;
/** UUIDv5 of (tenant, first strong subject): what the identity graph takes for one person. */
export type ProfileId = Branded<string, 'ProfileId'>;

const ID_PATTERN = /^[a-z0-9-]{1,40}$/;

export const isTenantOrConnectionId = (text: string): boolean => ID_PATTERN.test(text);
export const asTenantId = (text: string): TenantId => text as TenantId;
export const asConnectionId = (text: string): ConnectionId => text as ConnectionId;
export const asSubjectId = (text: string): SubjectId => text as SubjectId;

/** Makes the compiler prove that a `switch` names every case. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
