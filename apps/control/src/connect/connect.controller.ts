import { randomBytes } from 'node:crypto';
import { Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { addressHash, asTenantId, isTenantOrConnectionId, type Sql, type TenantId } from '@tributary/domain';
import {
  authorizeUrl,
  CONNECT_WITHIN_MINUTES,
  whyUnreachable,
  woocommerceSettingsSchema,
  woocommerceSource,
  type Unmanaged,
} from '@tributary/sources';
import { askApp, progressOfConnecting, untilApplied, type ConnectProgress, type StoredConnection } from '@tributary/stream';
import { HttpProblem } from '../problem.js';
import type { ConnectStarted } from './connect.openapi.js';

export interface ConnectPorts {
  readonly sql: Sql;
  /** Every connection of a tenant in its newest version; empty for an unknown tenant. */
  readonly connections: (tenantId: TenantId) => Promise<readonly StoredConnection[]>;
  /** Where shops reach ingest; null: nobody said. */
  readonly publicUrl: string | null;
  /** For shops of a local start; WooCommerce itself wants https. */
  readonly allowsPlainHttp: boolean;
}

export const CONNECT_PORTS = Symbol('connect ports');

interface Address {
  readonly tenant: string;
  readonly connection: string;
}

const STATE_BYTES = 32;
const ID = /^[0-9a-f]{64}$/;
const APPLIED_WITHIN_MS = 5_000;

const CANNOT: Readonly<Record<Extract<Unmanaged, 'no-address' | 'private-address' | 'port'>, string>> = {
  'no-address': 'Set PUBLIC_INGEST_URL to the address where shops reach ingest, for control and ingest.',
  'private-address': 'PUBLIC_INGEST_URL is an address of a private network, which the shop cannot reach.',
  port: 'PUBLIC_INGEST_URL has a port to which WordPress does not send: only 80, 443 and 8080.',
};

const notFound = (): HttpProblem =>
  new HttpProblem(404, 'No such shop', 'There is no active woocommerce connection of this name; GET …/connections lists them.');
const cannot = (detail: string): HttpProblem => new HttpProblem(409, 'The shop could not hand over its keys', detail);

/** One-click connect: a link for the merchant, and how far it is. Ingest takes what the shop hands over. */
@Controller('v1/tenants/:tenant/connections/:connection/connect')
export class ConnectController {
  constructor(@Inject(CONNECT_PORTS) private readonly ports: ConnectPorts) {}

  /** Begins: the state in the link is random, for one use, bound to connection and shop; only its hash is kept. */
  @Post()
  @HttpCode(201)
  async start(@Param() address: Address): Promise<ConnectStarted> {
    const shop = await this.shopAt(address);
    const { storeUrl } = woocommerceSettingsSchema.parse(shop.settings);
    const { sql, publicUrl, allowsPlainHttp } = this.ports;
    const unreachable = whyUnreachable(publicUrl, storeUrl);
    if (unreachable !== null || publicUrl === null) throw cannot(CANNOT[unreachable ?? 'no-address']);
    if (!publicUrl.startsWith('https:') && !allowsPlainHttp)
      throw cannot('PUBLIC_INGEST_URL must begin with https: WooCommerce hands keys over to no other address.');
    const state = randomBytes(STATE_BYTES).toString('base64url');
    const stateHash = addressHash(state);
    const payload = { connectionId: address.connection, storeUrl, stateHash };
    const command = await askApp(sql, 'ingest', address.tenant, { kind: 'expect-keys', payload });
    if ((await untilApplied(sql, 'ingest', command, APPLIED_WITHIN_MS))?.outcome !== 'done')
      throw new HttpProblem(503, 'Not now', 'The app ingest, which takes the keys, does not answer. Is it running?');
    const url = authorizeUrl({ storeUrl, appName: `Tributary: ${shop.tenantName}`, state, publicUrl });
    return { id: stateHash, url, expiresAt: new Date(Date.now() + CONNECT_WITHIN_MINUTES * 60_000).toISOString() };
  }

  @Get(':id')
  async progress(@Param() { tenant, connection, id }: Address & { readonly id: string }): Promise<ConnectProgress> {
    const names = { tenantId: tenant, connectionId: connection, stateHash: id };
    const progress = ID.test(id) ? await progressOfConnecting(this.ports.sql, names) : undefined;
    if (progress === undefined) throw new HttpProblem(404, 'No such connecting', 'Begin one with POST …/connect.');
    return progress;
  }

  private async shopAt({ tenant, connection }: Address): Promise<StoredConnection> {
    if (!isTenantOrConnectionId(tenant)) throw notFound();
    const shop = (await this.ports.connections(asTenantId(tenant))).find(({ id }) => id === connection);
    if (shop?.kind !== woocommerceSource.kind || shop.state === 'disabled') throw notFound();
    return shop;
  }
}
