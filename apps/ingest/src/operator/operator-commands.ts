import { z } from 'zod';
import { v7 as uuidv7 } from 'uuid';
import {
  asConnectionId,
  asSubjectId,
  asTenantId,
  type Alerts,
  type EdgeCut,
  type Envelope,
  type IdentifierBlocked,
  type Sql,
  type TenantId,
} from '@tributary/domain';
import { BrokerUnavailable, RegistryUnavailable } from '@tributary/kafka';
import { applyQueuedCommands, DatabaseUnavailable, type QueuedCommand } from '@tributary/postgres';
import { IMPORT_RESOURCES } from '@tributary/sources';
import {
  expectKeys,
  NotDurable,
  RESUBMITTED_AT_ONCE,
  resumeStoppedImport,
  startImport,
  stopImport,
  type FactAppender,
} from '@tributary/stream';
import { describeError, type Log } from '@tributary/telemetry';
import type { Resubmission } from './resubmission.js';

const PASSING = [BrokerUnavailable, RegistryUnavailable, DatabaseUnavailable, NotDurable];
const LOOK_EVERY_MS = 250;

const subject = z.object({ kind: z.enum(['customer', 'email', 'phone', 'visitor']), subjectId: z.uuid() });
const reason = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/);
const importId = z.object({ importId: z.int() });
const commandSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('resubmit'), payload: z.object({ eventIds: z.array(z.string()).max(RESUBMITTED_AT_ONCE) }) }),
  z.object({
    kind: z.literal('start-import'),
    payload: z.object({ connectionId: z.string(), resources: z.array(z.enum(IMPORT_RESOURCES)).min(1), from: z.int(), to: z.int() }),
  }),
  z.object({
    kind: z.literal('expect-keys'),
    payload: z.object({ connectionId: z.string(), storeUrl: z.url(), stateHash: z.string().regex(/^[0-9a-f]{64}$/) }),
  }),
  z.object({ kind: z.literal('block-identifier'), payload: z.object({ isBlocked: z.boolean(), subject, reason }) }),
  z.object({ kind: z.literal('cut-edge'), payload: z.object({ isCut: z.boolean(), one: subject, other: subject, reason }) }),
  z.object({ kind: z.literal('stop-import'), payload: importId }),
  z.object({ kind: z.literal('resume-import'), payload: importId }),
]);

const subjectOf = ({ kind, subjectId }: z.infer<typeof subject>): EdgeCut['one'] => ({ kind, subjectId: asSubjectId(subjectId) });

/** A decision is the tenant's, not a connection's. */
const decided = (tenantId: string): Envelope => {
  const now = Date.now();
  return {
    eventId: uuidv7(),
    tenantId: asTenantId(tenantId),
    connectionId: asConnectionId(''),
    occurredAt: now,
    receivedAt: now,
    source: 'operator',
  };
};

/** What control asks of ingest. Control never writes ingest's tables or topics; this does. */
export class IngestCommands {
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;
  private applying: Promise<void> = Promise.resolve();

  constructor(
    private readonly sql: Sql,
    private readonly resubmission: Resubmission,
    private readonly appender: FactAppender,
    private readonly alerts: Alerts,
    private readonly log: Log,
  ) {}

  start(): void {
    this.applying = this.applyWaiting();
  }

  /** Ends after the command that is being applied. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.applying;
  }

  private async applyWaiting(): Promise<void> {
    await applyQueuedCommands(this.sql, 'ingest', (command, tx) => this.applyOrRefuse(command, tx)).catch((error: unknown) => {
      this.log.warn({ cause: describeError(error) }, 'a command waits');
    });
    if (!this.isStopped) this.timer = setTimeout(() => this.start(), LOOK_EVERY_MS);
  }

  /** What can pass later is thrown and asked again; anything else must not hold up the commands behind it. */
  private async applyOrRefuse(command: QueuedCommand, tx: Sql): Promise<object> {
    try {
      return await this.apply(command, tx);
    } catch (error) {
      if (PASSING.some((kind) => error instanceof kind)) throw error;
      this.log.error({ tenantId: command.tenantId, kind: command.kind, cause: describeError(error) }, 'a command failed');
      return { outcome: 'refused', because: 'it failed for a reason that stands in the log of ingest' };
    }
  }

  private async apply({ tenantId, kind, payload }: QueuedCommand, tx: Sql): Promise<object> {
    const given = commandSchema.safeParse({ kind, payload });
    if (!given.success) return { outcome: 'refused', because: 'ingest does not know this command' };
    const command = given.data;
    switch (command.kind) {
      case 'resubmit':
        return { outcome: 'done', items: await this.resubmission.run(asTenantId(tenantId), command.payload.eventIds) };
      case 'start-import':
        return startImport(tx, { tenantId, ...command.payload });
      case 'block-identifier': {
        const { isBlocked, subject: named, reason: why } = command.payload;
        return this.decide({ type: 'IdentifierBlocked', ...decided(tenantId), ...subjectOf(named), isBlocked, reason: why });
      }
      case 'cut-edge': {
        const { isCut, one, other, reason: why } = command.payload;
        return this.decide({ type: 'EdgeCut', ...decided(tenantId), isCut, one: subjectOf(one), other: subjectOf(other), reason: why });
      }
      case 'stop-import':
        return this.stopImport(tx, asTenantId(tenantId), command.payload.importId);
      case 'resume-import':
        return resumeStoppedImport(tx, tenantId, command.payload.importId);
      case 'expect-keys':
        await expectKeys(tx, { tenantId, ...command.payload });
        return { outcome: 'done' };
    }
  }

  /** Twice is as once: a decision that stands already changes nothing. */
  private async decide(event: IdentifierBlocked | EdgeCut): Promise<object> {
    await this.appender.append({ kind: 'decision', event });
    return { outcome: 'done' };
  }

  private async stopImport(tx: Sql, tenantId: TenantId, id: number): Promise<object> {
    const stopped = await stopImport(tx, tenantId, id);
    if (stopped.outcome === 'done') await this.alerts.close(tenantId, stopped.connectionId, 'import-fails');
    return stopped;
  }
}
