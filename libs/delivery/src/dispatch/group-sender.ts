import { ledgerKey, type DeliveryOutcome, type LedgerEntry, type VendorRequest } from '@tributary/domain';
import { failpoint } from '@tributary/telemetry';
import type { Credential, CredentialsStore } from '../credentials.store.js';
import type { OutboxPublisher } from '../outbox/outbox-publisher.js';
import type { Attempts } from './attempts.js';
import type { DestinationInForce, DispatchPorts, EffectStore, Held, Prepared, Vendor } from './dispatch.port.js';
import type { Clearance } from './clearance.js';
import { credentialVerdict, groupVerdict, type GroupVerdict } from './outcome-moves.js';
import { persistently } from './persistently.js';

/** `held`: the entries of the request as they are after it. */
export type GroupResult =
  | (GroupVerdict & { readonly held: readonly Held[] })
  /** Nothing left. `waitMs`: the credential's line waits for so long. */
  | { readonly kind: 'stopped'; readonly waitMs: number | null };

export interface Group {
  readonly credential: Credential;
  readonly held: readonly Held[];
  /** Of a request that was refused as a whole: it waits for its token. */
  readonly isPart: boolean;
  /** Takes those back that do not fit into the request. */
  readonly onUnfit: (unfit: readonly Held[]) => Promise<void>;
}

const NOT_YET_MS = 500;
const NOT_ACTIVE_MS = 60_000;
const NOTHING_LEFT: GroupResult = { kind: 'settled', mustStop: false, isRefused: false, held: [] };

/** One request of one credential from its entries to their outcomes. */
export class GroupSender<Settings, Secrets, Intent extends Prepared> {
  constructor(
    private readonly destination: Vendor<Settings, Secrets, Intent>,
    private readonly attempts: Attempts<Settings, Secrets, Intent>,
    private readonly clearance: Clearance<Settings, Secrets, Intent>,
    private readonly store: EffectStore,
    private readonly credentials: CredentialsStore,
    private readonly publisher: OutboxPublisher,
    private readonly ports: DispatchPorts<Settings, Secrets, Intent>,
    /** Gives entries back to the queue, for whoever comes after `delayMs`. */
    private readonly release: (held: readonly Held[], delayMs: number) => Promise<void>,
  ) {}

  async send({ credential, held, isPart, onUnfit }: Group): Promise<GroupResult> {
    const inForce = await this.ports.inForce(credential);
    if (inForce === undefined) {
      // Suspended or disabled: nothing leaves; the entries stay in the queue until it is active again.
      await this.release(held, NOT_ACTIVE_MS);
      return { kind: 'stopped', waitMs: null };
    }
    const open = await this.attempts.closeWhatIsOver(held, inForce.settings);
    const prepared = await this.ports.intents(open.map(({ entry }) => entry));
    const ready = open.filter(({ entry }) => prepared.has(ledgerKey(entry.key)));
    const waiting = open.filter(({ entry }) => !prepared.has(ledgerKey(entry.key)));
    if (waiting.length > 0) await this.release(waiting, NOT_YET_MS);
    if (ready.length === 0) return NOTHING_LEFT;
    const cleared = await this.clearance.of(credential, ready, prepared, inForce);
    if (cleared.length === 0) return NOTHING_LEFT;
    const attempt = await this.attempts.make(credential, cleared, prepared, inForce, isPart);
    if (attempt.kind === 'held-back') {
      if (attempt.letGo.length > 0) await this.release(attempt.letGo, 0);
      return { kind: 'stopped', waitMs: attempt.waitMs };
    }
    if (attempt.unfit.length > 0) await onUnfit(attempt.unfit);
    return this.deliver(credential, attempt.entries, attempt.request, inForce);
  }

  private async deliver(
    credential: Credential,
    entries: readonly LedgerEntry[],
    request: VendorRequest,
    inForce: DestinationInForce<Settings, Secrets>,
  ): Promise<GroupResult> {
    const reply = await this.ports.send(request, this.destination.declaration.requestTimeoutMs);
    failpoint('dispatch.after-answer');
    const outcomes = this.destination.interpret(reply, entries.length);
    const settled = entries.flatMap((entry, index) => {
      const outcome = outcomes[index];
      return outcome === undefined ? [] : [{ entry, outcome, move: this.attempts.settle(entry, outcome) }];
    });
    for (const { entry, outcome } of settled) this.ports.onOutcome(outcome.kind, entry);
    await persistently(() => this.noteCredential(credential, outcomes, inForce.settingsKey));
    const rows = await persistently(() => this.store.commit(settled.map(({ move }) => move)));
    failpoint('dispatch.after-outcome');
    void this.publisher.publish(rows);
    for (const { entry, outcome } of settled)
      if (outcome.kind === 'bug') await this.ports.onBug(entry, outcome.answer.code, outcome.answer.message);
    return { ...groupVerdict(outcomes), held: settled.map(({ move }) => ({ entry: move.change.entry, isAlone: false })) };
  }

  private async noteCredential(credential: Credential, outcomes: readonly DeliveryOutcome[], settingsKey: string): Promise<void> {
    const verdict = credentialVerdict(outcomes);
    switch (verdict.kind) {
      case 'works':
        return this.credentials.succeeded(credential);
      case 'cannot-now':
        await this.credentials.failed(credential, verdict.isThrottled, verdict.retryAfterMs);
        return;
      case 'refused':
        await this.credentials.park(credential, verdict.answer.code, settingsKey);
        await this.ports.onParked(credential, verdict.answer.code, verdict.answer.message);
    }
  }
}
