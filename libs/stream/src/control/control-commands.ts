import { asConnectionId, asTenantId, type Sql, type TenantId } from '@tributary/domain';
import { applyQueuedCommands, DatabaseUnavailable, type QueuedCommand } from '@tributary/postgres';
import { shopFactsSchema } from '@tributary/sources';
import { describeError, type Log } from '@tributary/telemetry';
import { z } from 'zod';
import type { Vault } from '@tributary/vault';
import { KEYS_GRANTED_TOPIC, type AppliedCommand } from './app-command.js';
import type { SettingsAnswer, SettingsChange } from './settings-change.js';

const shopReadSchema = z.strictObject({ connectionId: z.string(), storeUrl: z.string(), facts: shopFactsSchema });
const keysGrantedSchema = z.strictObject({
  connectionId: z.string(),
  storeUrl: z.string(),
  stateHash: z.string(),
  sealed: z.base64(),
});
const keysSchema = z.strictObject({ consumerKey: z.string().min(1), consumerSecret: z.string().min(1) });

const LOOK_EVERY_MS = 250;
/** The shop takes keys back when nobody told it within a minute that they are stored; ingest gives up a little later than this. */
const KEYS_WITHIN_MS = 10_000;

/**
 * Applies what other apps ask of control, which alone writes settings. A command may be applied twice (after a crash before it was noted as
 * done), because the same settings make no new version.
 */
export class ControlCommands {
  private looking: NodeJS.Timeout | undefined;
  private applying: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(
    private readonly sql: Sql,
    private readonly change: Pick<SettingsChange, 'amend'>,
    private readonly vault: Pick<Vault, 'openForTenant'>,
    private readonly log: Log,
  ) {}

  start(): void {
    const look = async (): Promise<void> => {
      this.applying = applyQueuedCommands(this.sql, 'control', (command) => this.applyOrRefuse(command)).then(
        () => undefined,
        (error: unknown) => this.log.warn({ cause: describeError(error) }, 'a command waits until it can be applied'),
      );
      await this.applying;
      if (!this.isStopped) this.looking = setTimeout(() => void look(), LOOK_EVERY_MS);
    };
    void look();
  }

  /** Waits for what is under way. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.looking);
    await this.applying;
  }

  private async applyOrRefuse(command: QueuedCommand): Promise<AppliedCommand> {
    try {
      return await this.apply(command);
    } catch (error) {
      if (error instanceof DatabaseUnavailable) throw error;
      // One tenant's trouble (keys that do not open) must not hold up the commands of all others.
      this.log.error({ tenantId: command.tenantId, kind: command.kind, cause: describeError(error) }, 'a command could not be applied');
      return refused('it failed; the log of control says why');
    }
  }

  private async apply(command: QueuedCommand): Promise<AppliedCommand> {
    const tenantId = asTenantId(command.tenantId);
    switch (command.kind) {
      case 'shop-read':
        return this.takeFacts(tenantId, command.payload);
      case 'keys-granted':
        return command.ageMs > KEYS_WITHIN_MS ? refused('it came too late') : this.takeKeys(tenantId, command.payload);
      default:
        return refused(`unknown command ${command.kind}`);
    }
  }

  private async takeFacts(tenantId: TenantId, payload: unknown): Promise<AppliedCommand> {
    const { success, data } = shopReadSchema.safeParse(payload);
    if (!success) return UNREADABLE;
    const { connectionId, storeUrl, facts } = data;
    return answerOf(await this.change.amend(tenantId, { connectionId: asConnectionId(connectionId), storeUrl, facts }));
  }

  private async takeKeys(tenantId: TenantId, payload: unknown): Promise<AppliedCommand> {
    const { success, data } = keysGrantedSchema.safeParse(payload);
    if (!success) return UNREADABLE;
    const { connectionId, storeUrl, stateHash, sealed } = data;
    const context = { topic: KEYS_GRANTED_TOPIC, eventId: stateHash };
    const opened = await this.vault.openForTenant(tenantId, Buffer.from(sealed, 'base64'), context);
    const keys = keysSchema.parse(JSON.parse(opened.toString('utf8')));
    return answerOf(await this.change.amend(tenantId, { connectionId: asConnectionId(connectionId), storeUrl, keys }));
  }
}

const refused = (because: string): AppliedCommand => ({ outcome: 'refused', because });
const UNREADABLE = refused('the command cannot be read');

const answerOf = (answer: SettingsAnswer): AppliedCommand =>
  answer.kind === 'done'
    ? { outcome: 'done' }
    : refused(answer.problems.map(({ path, message }) => (path === '' ? message : `${path} ${message}`)).join('; '));
