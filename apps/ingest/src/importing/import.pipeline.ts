import { randomBytes } from 'node:crypto';
import { IMPORT_SOURCE, type Alerts } from '@tributary/domain';
import type { ShopClient } from '@tributary/http';
import {
  importQuery,
  resumeImport,
  retryDelayMs,
  shopRequest,
  takeImportPage,
  type ImportStep,
  type PollFailure,
  type PollState,
  type ShopKeys,
} from '@tributary/sources';
import type { ImportJob, ImportsStore, PollLease } from '@tributary/stream';
import { failpoint } from '@tributary/telemetry';
import type { OrderAppend } from '../polling/order-append.js';
import type { ImportMeters } from './import.metrics.js';

export interface ImportPorts {
  readonly store: ImportsStore;
  readonly client: ShopClient;
  readonly orders: OrderAppend;
  readonly alerts: Alerts;
  readonly meters: ImportMeters;
}

/** A shop's turn, of which nothing but its history is due. */
export interface ImportTurn {
  readonly lease: PollLease;
  readonly keys: ShopKeys;
  /** Postgres' clock, carried on by ours. */
  readonly now: () => number;
}

const FIRST_RETRY_MS = 60_000;
const FAILURES_UNTIL_ALERT = 3;
const NO_GONE = { gone: [], glimpses: [], missing: [] };

/**
 * A page of a shop's import: asked, compared with the heads, appended, and only then is the state kept under the poller's lease.
 * Whoever dies in between leaves a page that is read again and published not again.
 */
export class ImportPages {
  constructor(private readonly ports: ImportPorts) {}

  /** Answers after how many ms the next page may be asked; null: the shop has no import that runs. */
  async page(turn: ImportTurn, { access, shopClock, pageRows }: PollState): Promise<number | null> {
    const job = access === null ? null : await this.ports.store.running(turn.lease);
    if (access === null || job === null) return null;
    if (job.waitMs > 0) return job.waitMs;
    const { lease, keys, now } = turn;
    const state = resumeImport(job.state, job.range, pageRows);
    const moment = { timestampSeconds: Math.floor(now() / 1_000), nonce: randomBytes(16).toString('hex') };
    const reply = await this.ports.client.send(shopRequest(importQuery(state), access, keys, moment));
    const step = takeImportPage(state, job.range, reply, { now: shopClock ?? now(), defaultCountry: lease.defaultCountry });
    return step.failure === null ? this.keep(turn, job, step) : this.putOff(turn, job, step, step.failure);
  }

  private async keep({ lease, now }: ImportTurn, job: ImportJob, step: ImportStep): Promise<number> {
    const { orders, store, meters, alerts } = this.ports;
    const { state, rows, total, read, unreadable } = step;
    const judgement = await orders.append(lease, { ...NO_GONE, orders: step.orders, unreadable }, now(), IMPORT_SOURCE);
    failpoint('import.after-append');
    meters.page(rows, judgement, unreadable.length);
    await store.keep(lease, job, {
      state,
      rows,
      total,
      read,
      published: judgement.publish.length,
      unreadable: unreadable.length,
      rereads: judgement.rereads,
    });
    failpoint('import.after-keep');
    if (job.failures >= FAILURES_UNTIL_ALERT) await alerts.close(lease.tenantId, lease.connectionId, 'import-fails');
    return 0;
  }

  private async putOff({ lease }: ImportTurn, job: ImportJob, { state }: ImportStep, failure: PollFailure): Promise<number> {
    const { store, meters, alerts } = this.ports;
    const failures = job.failures + 1;
    const delayMs = retryDelayMs(failures, FIRST_RETRY_MS, failure.retryAfterMs, Math.random());
    meters.failed(failure.kind);
    await store.putOff(lease, job, { state, failure: `${failure.kind}: ${failure.detail}`, delayMs });
    if (failures >= FAILURES_UNTIL_ALERT)
      await alerts.open({
        tenantId: lease.tenantId,
        connectionId: lease.connectionId,
        kind: 'import-fails',
        what: `A page of the shop’s history could not be read ${failures} times (${failure.kind}: ${failure.detail}).`,
        todo: 'It is tried on, more and more slowly; live orders are not touched. `tributary import stop` ends it.',
      });
    return delayMs;
  }
}
