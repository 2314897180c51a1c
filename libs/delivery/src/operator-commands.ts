import {
  asConnectionId,
  asTenantId,
  ledgerKey,
  resumeDelivery,
  retryDelivery,
  type ExpiryOf,
  type Moment,
  type Sql,
} from '@tributary/domain';
import { applyQueuedCommands, type QueuedCommand } from '@tributary/postgres';
import type { Credential, CredentialsStore } from './credentials.store.js';
import type { Move } from './dispatch/dispatch.port.js';
import type { LedgerStore } from './ledger.store.js';
import type { OutboxPublisher } from './outbox/outbox-publisher.js';
import type { TrialOrder, TrialResult } from './trial.js';

interface Payload {
  readonly connectionId?: string;
  readonly ledgerKey?: string;
  readonly acceptDuplicate?: boolean;
  readonly operator?: string;
  readonly shop?: string;
  readonly orderId?: string;
  readonly testCode?: string | null;
}

export interface CommandResult {
  readonly outcome: 'done' | 'refused';
  /** Why it was refused, or how many effects moved. */
  readonly because?: string;
  readonly moved?: number;
  readonly tried?: Extract<TrialResult, { outcome: 'done' }>['tried'];
}

const PARKED_AT_ONCE = 500;
const NOW = { kind: 'due', delayMs: 0, isAlone: false } as const;

/** What control asks of this app. Control never writes the app's tables; this does, and the log says so. */
export class OperatorCommands {
  constructor(
    private readonly sql: Sql,
    private readonly app: string,
    private readonly store: LedgerStore,
    private readonly credentials: CredentialsStore,
    private readonly publisher: OutboxPublisher,
    private readonly moment: () => Moment,
    /** Null when the connection is unknown or not active. */
    private readonly expiryOf: (credential: Credential) => Promise<ExpiryOf | null>,
    private readonly onResumed: (credential: Credential) => Promise<void>,
    private readonly tryOrder: (order: TrialOrder) => Promise<TrialResult>,
  ) {}

  /** Applies what is waiting; one replica at a time takes a command. Answers how many there were. */
  applyWaiting(): Promise<number> {
    return applyQueuedCommands(this.sql, this.app, (command) => this.apply(command));
  }

  /** Sets a parked credential going again: its parked effects are planned once more, or expire when they are too old. */
  async resume(credential: Credential): Promise<CommandResult> {
    const expiryOf = await this.expiryOf(credential);
    if (expiryOf === null) return { outcome: 'refused', because: 'the connection is not active' };
    let moved = 0;
    for (;;) {
      const parked = await this.store.findParked(credential.tenantId, credential.connectionId, PARKED_AT_ONCE);
      const changes = parked.map((entry) => resumeDelivery(entry, expiryOf, this.moment())).filter((change) => change !== undefined);
      const moves = changes.map((change): Move => ({ change, queue: change.entry.settledAt === null ? NOW : { kind: 'leave-queue' } }));
      const rows = await this.store.commit(moves);
      void this.publisher.publish(rows);
      moved += rows.length;
      if (rows.length === 0) break;
    }
    await this.credentials.unpark(credential);
    await this.onResumed(credential);
    return { outcome: 'done', moved };
  }

  private async apply({ tenantId, kind, payload: given }: QueuedCommand): Promise<CommandResult> {
    const payload = given as Payload;
    if (kind === 'resume' && payload.connectionId !== undefined) return this.resume({ tenantId, connectionId: payload.connectionId });
    if (kind === 'retry' && payload.ledgerKey !== undefined) return this.retry(tenantId, payload.ledgerKey, payload);
    const { connectionId, shop, orderId, testCode = null } = payload;
    if (kind === 'try-order' && connectionId !== undefined && shop !== undefined && orderId !== undefined) {
      const destination = asConnectionId(connectionId);
      return this.tryOrder({ tenantId: asTenantId(tenantId), destination, shop: asConnectionId(shop), orderId, testCode });
    }
    return { outcome: 'refused', because: `unknown command ${kind}` };
  }

  private async retry(tenantId: string, key: string, payload: Payload): Promise<CommandResult> {
    const [entry] = await this.store.find([key]);
    if (entry === undefined || entry.key.tenantId !== tenantId) return { outcome: 'refused', because: 'no such delivery' };
    const decision = retryDelivery(
      entry,
      { acceptDuplicate: payload.acceptDuplicate === true, operator: payload.operator ?? 'admin' },
      this.moment(),
    );
    if (decision.kind === 'refused') return { outcome: 'refused', because: decision.because };
    const rows = await this.store.commit([{ change: decision.change, queue: NOW }]);
    void this.publisher.publish(rows);
    return rows.some((row) => row.ledgerKey === ledgerKey(entry.key))
      ? { outcome: 'done', moved: 1 }
      : { outcome: 'refused', because: 'it moved meanwhile; ask again' };
  }
}
