import { asConnectionId, type ConnectionId, type Sql } from '@tributary/domain';
import type { OwnWebhook } from '@tributary/sources';
import type { ShopId } from './known-heads.store.js';
import type { MoreAddresses } from './address-directory.js';

/** One address that is in force: of a webhook that we made, also for a while after it was replaced. */
export interface ManagedAddress {
  readonly tenantId: string;
  readonly connectionId: string;
  readonly number: number;
  readonly topic: string;
  readonly tokenHash: string;
}

/** The webhooks of one shop that we know of. */
export interface ShopWebhooks {
  readonly own: readonly OwnWebhook[];
  /** Hashes of the tokens of replaced ones. */
  readonly retiredHashes: ReadonlySet<string>;
}

interface WebhookRow extends OwnWebhook {
  readonly isRetired: boolean;
}

/** Under this name the vault keeps token and secret of a shop's webhooks, by their number; no connection can have it. */
export const webhookVault = (connectionId: ConnectionId): ConnectionId => asConnectionId(`${connectionId}:webhooks`);

/** `ingest_ops.managed_webhooks`: written by whoever holds the shop's lease, read by everybody who takes webhooks. */
export class ManagedWebhooks implements MoreAddresses<ManagedAddress> {
  constructor(private readonly sql: Sql) {}

  /** Rows only come and go, and their numbers only grow: equal counts and sums mean equal tables. */
  async position(): Promise<string> {
    const [row] = await this.sql.query<{ position: string }>(
      'managed-webhooks-position',
      `select count(*) || '/' || coalesce(sum(number), 0) as position from ingest_ops.managed_webhooks`,
    );
    return row?.position ?? '';
  }

  load(): Promise<ManagedAddress[]> {
    return this.sql.query<ManagedAddress>(
      'managed-webhooks-load',
      `select tenant_id as "tenantId", connection_id as "connectionId", number, topic, token_hash as "tokenHash" from ingest_ops.managed_webhooks`,
    );
  }

  async of({ tenantId, connectionId }: ShopId): Promise<ShopWebhooks> {
    const rows = await this.sql.query<WebhookRow>(
      'managed-webhooks-of',
      `select number, topic, token_hash as "tokenHash", webhook_id as "webhookId", distrusted_at is not null as "isDistrusted",
              retired_at is not null as "isRetired"
         from ingest_ops.managed_webhooks where tenant_id = $1 and connection_id = $2 order by number`,
      [tenantId, connectionId],
    );
    return {
      own: rows.filter(({ isRetired }) => !isRetired).map(({ isRetired: _isRetired, ...own }) => own),
      retiredHashes: new Set(rows.filter(({ isRetired }) => isRetired).map(({ tokenHash }) => tokenHash)),
    };
  }

  /** Makes an address known before the shop is told of it; answers its number. */
  async add({ tenantId, connectionId }: ShopId, topic: string, tokenHash: string): Promise<number> {
    const [row] = await this.sql.query<{ number: number }>(
      'managed-webhooks-add',
      `insert into ingest_ops.managed_webhooks (tenant_id, connection_id, topic, token_hash) values ($1, $2, $3, $4) returning number`,
      [tenantId, connectionId, topic, tokenHash],
    );
    if (row === undefined) throw new Error('a row that was inserted has a number');
    return row.number;
  }

  /** The shop has made it, under this id of its own. */
  async created(number: number, webhookId: number): Promise<void> {
    await this.sql.query('managed-webhooks-created', 'update ingest_ops.managed_webhooks set webhook_id = $2 where number = $1', [
      number,
      webhookId,
    ]);
  }

  async retire(numbers: readonly number[]): Promise<void> {
    await this.sql.query(
      'managed-webhooks-retire',
      'update ingest_ops.managed_webhooks set retired_at = now() where number = any($1::int[]) and retired_at is null',
      [numbers],
    );
  }

  /** Somebody signs with another secret than ours: it is made anew with the next look. */
  async distrust(number: number): Promise<void> {
    await this.sql.query(
      'managed-webhooks-distrust',
      'update ingest_ops.managed_webhooks set distrusted_at = now() where number = $1 and retired_at is null and distrusted_at is null',
      [number],
    );
  }

  /** Forgets addresses of the shop that were replaced longer ago; deliveries to them are answered 404 from now on. */
  async forget({ tenantId, connectionId }: ShopId, retiredForMs: number): Promise<void> {
    await this.sql.query(
      'managed-webhooks-forget',
      `delete from ingest_ops.managed_webhooks
        where tenant_id = $1 and connection_id = $2 and retired_at < now() - make_interval(secs => $3)`,
      [tenantId, connectionId, retiredForMs / 1_000],
    );
  }
}
