import type { ConnectionId, TenantId } from './ids.js';

/** What a person can be called for: one closed list, also the metric label. */
export const ALERT_KINDS = [
  'bad-signature',
  'shop-error-body',
  'webhook-rejected',
  'shop-copy',
  'shop-webhooks-broken',
  'shop-unreachable',
  'shop-refuses-keys',
  'shop-answers-unusable',
  'shop-sweep-fails',
  'shop-counts-differ',
  'shop-too-old',
  'shop-catalog-fails',
  'order-unreadable',
  'catalog-unreadable',
  'import-fails',
  'credential-parked',
  'dead-letter',
  'kafka-away',
  'log-gap',
  'record-refused',
  'relay-stuck',
  'statuses-unreadable',
  'vault-keys-missing',
] as const;

export type AlertKind = (typeof ALERT_KINDS)[number];

/** Tenant of alerts that concern the whole installation. */
export const INSTALLATION = 'installation' as TenantId;

export interface AlertToOpen {
  readonly tenantId: TenantId;
  /** Null when it is about the whole tenant. */
  readonly connectionId: ConnectionId | null;
  readonly kind: AlertKind;
  /** What happened, in words, naming no person. */
  readonly what: string;
  /** What to do about it. */
  readonly todo: string;
}

export interface Alert extends AlertToOpen {
  readonly id: number;
  readonly since: Date;
  readonly lastSeen: Date;
  readonly occurrences: number;
  readonly closedAt: Date | null;
}

/** Opened and closed by the apps. At most one is open per (tenant, connection, kind); opening it again counts. */
export interface Alerts {
  open(alert: AlertToOpen): Promise<void>;
  /** With `quietForMs` only when it did not happen again for so long. */
  close(tenantId: TenantId, connectionId: ConnectionId | null, kind: AlertKind, quietForMs?: number): Promise<void>;
  /** Open ones, newest first; all tenants when `tenantId` is null. */
  list(tenantId: TenantId | null): Promise<Alert[]>;
}

/** Records that the brokers will never take as they are, kept where they wait until the topic takes them. */
export const refusedRecordsAlert = (
  tenantId: TenantId,
  { topic, count, keptIn }: { readonly topic: string; readonly count: number; readonly keptIn: string },
): AlertToOpen => ({
  tenantId,
  connectionId: null,
  kind: 'record-refused',
  what: `The brokers refuse ${count} record(s) for ${topic} as too large or not valid. They are kept in ${keptIn}; what they belong to waits, everything else goes on.`,
  todo: 'Run «tributary topics apply»: it sets max.message.bytes of every topic to what Tributary needs (a limit of the brokers may be lower still). The records are tried again every minute; nothing else is to do.',
});
