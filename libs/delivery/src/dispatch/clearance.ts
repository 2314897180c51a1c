import {
  absentDelivery,
  foundDelivery,
  holdDelivery,
  isPerhapsTaken,
  ledgerKey,
  mustBeLookedUp,
  type LedgerChange,
  type LookUpOutcome,
  type Moment,
  type VendorLookUp,
} from '@tributary/domain';
import { failpoint } from '@tributary/telemetry';
import type { Credential, CredentialsStore } from '../credentials.store.js';
import type { OutboxPublisher } from '../outbox/outbox-publisher.js';
import type { DestinationInForce, DispatchPorts, EffectStore, Held, Move, Prepared, QueueMove, Vendor } from './dispatch.port.js';
import { credentialVerdict } from './outcome-moves.js';

/**
 * What stands between an effect whose turn has come and its request: one that may have been taken already is looked up at the vendor
 * first, and one that the order as it is now speaks against is closed. Nothing is sent here but look-ups, which change nothing.
 */
export class Clearance<Settings, Secrets, Intent extends Prepared> {
  constructor(
    private readonly destination: Vendor<Settings, Secrets, Intent>,
    private readonly store: EffectStore,
    private readonly credentials: CredentialsStore,
    private readonly publisher: OutboxPublisher,
    private readonly ports: DispatchPorts<Settings, Secrets, Intent>,
    private readonly release: (held: readonly Held[], delayMs: number) => Promise<void>,
  ) {}

  /** Those of which a request may leave now; the others are closed, wait for another look-up, or have gone back to the queue. */
  async of(
    credential: Credential,
    ready: readonly Held[],
    prepared: ReadonlyMap<string, Intent>,
    inForce: DestinationInForce<Settings, Secrets>,
  ): Promise<readonly Held[]> {
    const { declaration, lookUp } = this.destination;
    const cleared: Held[] = [];
    for (const held of ready) {
      if (lookUp !== undefined && mustBeLookedUp(held.entry, declaration)) await this.look(credential, held, lookUp, inForce);
      else if (!(await this.isHeldBack(held, prepared.get(ledgerKey(held.entry.key)), inForce.settings))) cleared.push(held);
    }
    return cleared;
  }

  private async isHeldBack({ entry }: Held, intent: Intent | undefined, settings: Settings): Promise<boolean> {
    const moment = this.moment();
    const hold = intent === undefined ? null : (this.destination.holdBack?.(intent, settings, moment.nowMs) ?? null);
    if (hold === null) return false;
    // Where the vendor can be looked into, it was: it does not have this one.
    const mayBeTaken = this.destination.lookUp === undefined && isPerhapsTaken(entry);
    await this.record(holdDelivery(entry, hold, mayBeTaken, moment), { kind: 'leave-queue' });
    return true;
  }

  private async look(
    credential: Credential,
    held: Held,
    lookUp: VendorLookUp<Settings, Secrets>,
    { settings, secrets, baseUrl, settingsKey }: DestinationInForce<Settings, Secrets>,
  ): Promise<void> {
    const { entry } = held;
    const { declaration } = this.destination;
    const { reference } = entry.key;
    const reply = await this.ports.send(lookUp.toRequest(reference, settings, secrets, baseUrl), declaration.requestTimeoutMs);
    failpoint('dispatch.after-look-up');
    const seen = lookUp.interpret(reply, reference);
    if (seen.kind === 'cannot-tell') return this.lookLater(credential, held, seen, settingsKey);
    await this.credentials.succeeded(credential);
    const moment = this.moment();
    if (seen.kind === 'found') return this.record(foundDelivery(entry, seen.answer, moment), { kind: 'leave-queue' });
    const change = absentDelivery(entry, seen.answer, declaration, moment);
    const delayMs = Math.max(0, (change.entry.dueAt ?? 0) - moment.nowMs);
    return this.record(change, { kind: 'due', delayMs, isAlone: false });
  }

  /** Nothing was learnt, so nothing is written: it waits as it is. */
  private async lookLater(
    credential: Credential,
    held: Held,
    { outcome }: Extract<LookUpOutcome, { kind: 'cannot-tell' }>,
    settingsKey: string,
  ): Promise<void> {
    const verdict = credentialVerdict([outcome]);
    if (verdict.kind === 'refused') {
      await this.credentials.park(credential, verdict.answer.code, settingsKey);
      await this.ports.onParked(credential, verdict.answer.code, verdict.answer.message);
    } else if (verdict.kind === 'cannot-now') {
      await this.credentials.failed(credential, verdict.isThrottled, verdict.retryAfterMs);
    }
    await this.release([held], this.destination.declaration.requestTimeoutMs);
  }

  /** An entry that somebody else has moved meanwhile stays as they left it. */
  private async record(change: LedgerChange, queue: QueueMove): Promise<void> {
    const move: Move = { change, queue };
    void this.publisher.publish(await this.store.commit([move]));
  }

  private moment(): Moment {
    return { nowMs: Date.now(), newEventId: () => this.ports.newEventId(), random: Math.random() };
  }
}
