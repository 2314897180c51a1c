import { addressHash, asConnectionId, asTenantId, type Sql } from '@tributary/domain';
import type { ShopClient } from '@tributary/http';
import { isConnectState, readKeyGrant, type KeyGrant } from '@tributary/sources';
import {
  askApp,
  claimExpectedKeys,
  findShop,
  KEYS_GRANTED_TOPIC,
  progressOfState,
  settleExpectedKeys,
  untilApplied,
  type AppliedCommand,
  type ExpectedKeys,
  type ConnectProgress,
} from '@tributary/stream';
import { describeError, type Log } from '@tributary/telemetry';
import type { Vault } from '@tributary/vault';
import type { RequestBody } from '../request-body.js';
import { proveKeys } from './key-proof.js';

export interface ConnectPorts {
  readonly sql: Sql;
  readonly vault: Pick<Vault, 'sealForTenant'>;
  readonly client: Pick<ShopClient, 'send'>;
  readonly log: Log;
}

export interface GrantAnswer {
  readonly status: 200 | 400 | 403 | 503;
  readonly title: string;
  readonly detail: string;
}

/** The shop waits 60 s for all of it. */
const CONTROL_WITHIN_MS = 12_000;
const CONNECTED: GrantAnswer = { status: 200, title: 'Connected', detail: 'The keys work and were stored.' };
const UNKNOWN_STATE = 'nobody waits for these keys: the link was used already, is too old, or is not ours. Begin anew.';

const refused = (because: string): AppliedCommand => ({ outcome: 'refused', because });

/**
 * Keys that a shop hands over, from arrival to storage:
 * 1. the state says who waits for them; it is used up by being named
 * 2. the connection still is about the shop that the link led to
 * 3. that shop takes the keys
 * 4. control stores them (they travel sealed); only then the shop is answered 200, and else forgets them again
 */
export class ConnectPipeline {
  constructor(private readonly ports: ConnectPorts) {}

  async take(body: RequestBody): Promise<GrantAnswer> {
    const grant = body.kind === 'whole' ? readKeyGrant(body.bytes) : null;
    if (grant === null) return { status: 400, title: 'Not understood', detail: 'This is not what a shop posts when it grants keys.' };
    try {
      const stateHash = addressHash(grant.state);
      const claimed = await claimExpectedKeys(this.ports.sql, stateHash);
      if (claimed === undefined) return { status: 403, title: 'Not expected', detail: UNKNOWN_STATE };
      const result = await this.check(claimed, grant).catch(async (error: unknown) => {
        await settleExpectedKeys(this.ports.sql, stateHash, refused('something here did not work; begin anew'));
        throw error;
      });
      await settleExpectedKeys(this.ports.sql, stateHash, result);
      return result.outcome === 'done' ? CONNECTED : { status: 403, title: 'Refused', detail: result.because ?? '' };
    } catch (error) {
      this.ports.log.warn({ cause: describeError(error) }, 'keys could not be taken');
      return { status: 503, title: 'Not now', detail: 'The keys could not be stored. Begin anew in a moment.' };
    }
  }

  /** How it went, for the merchant's browser on its way back. A merchant who said no uses the state up. */
  async done(state: unknown, success: unknown): Promise<ConnectProgress | undefined> {
    if (!isConnectState(state)) return undefined;
    const stateHash = addressHash(state);
    if (success === '0') {
      const claimed = await claimExpectedKeys(this.ports.sql, stateHash);
      if (claimed !== undefined) await settleExpectedKeys(this.ports.sql, stateHash, refused('it was denied in the shop'));
    }
    return progressOfState(this.ports.sql, stateHash);
  }

  private async check(claimed: ExpectedKeys, { keys }: KeyGrant): Promise<AppliedCommand> {
    const { storeUrl, stateHash } = claimed;
    if (!(await this.isAbout(claimed))) return refused('the connection is about another shop by now');
    const failure = await proveKeys(this.ports.client, storeUrl, keys);
    if (failure !== null) return refused(`${new URL(storeUrl).hostname} does not take these keys (${failure.kind}: ${failure.detail})`);
    const tenantId = asTenantId(claimed.tenantId);
    const context = { topic: KEYS_GRANTED_TOPIC, eventId: stateHash };
    const sealed = await this.ports.vault.sealForTenant(tenantId, Buffer.from(JSON.stringify(keys)), context);
    const command = await askApp(this.ports.sql, 'control', tenantId, {
      kind: 'keys-granted',
      payload: { connectionId: asConnectionId(claimed.connectionId), storeUrl, stateHash, sealed: sealed.toString('base64') },
    });
    return (await untilApplied(this.ports.sql, 'control', command, CONTROL_WITHIN_MS)) ?? refused('control did not store them in time');
  }

  private async isAbout({ tenantId, connectionId, storeUrl }: ExpectedKeys): Promise<boolean> {
    const shop = await findShop(this.ports.sql, 'ingest', tenantId, connectionId);
    return shop?.settings.storeUrl === storeUrl;
  }
}
