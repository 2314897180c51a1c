import { randomBytes } from 'node:crypto';
import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import {
  accountCalls,
  accountStateOf,
  deviceIdOf,
  readLinked,
  readLogin,
  readResolved,
  readStores,
  readUnlinked,
  trackingtechSecretsSchema,
  trackingtechSettingsSchema,
  type AccountAnswer,
  type TrackingtechSecrets,
  type TrackingtechSettings,
} from '@tributary/destinations';
import {
  asTenantId,
  isTenantOrConnectionId,
  readSecretValues,
  type Sql,
  type TenantId,
  type VendorReply,
  type VendorRequest,
} from '@tributary/domain';
import { conflictsAmong, woocommerceSettingsSchema, woocommerceSource } from '@tributary/sources';
import { askApp, knowledgeOfShops, parkedBecause, untilApplied, type SettingsChange, type StoredConnection } from '@tributary/stream';
import type { Vault } from '@tributary/vault';
import { HttpProblem } from '../problem.js';
import { readGiven } from '../reading/reading.parameters.js';
import { linkBody, loginBody, noBody, resolveBody, type CourierAccount, type CourierStores } from './courier.openapi.js';

export interface CourierPorts {
  readonly sql: Sql;
  /** Every connection of a tenant in its newest version; empty for an unknown tenant. */
  readonly connections: (tenantId: TenantId) => Promise<readonly StoredConnection[]>;
  readonly change: Pick<SettingsChange, 'edit'>;
  readonly vault: Pick<Vault, 'getSecrets'>;
  readonly ask: (request: VendorRequest, timeoutMs: number) => Promise<VendorReply>;
  /** Of the courier's API, where the connection names no other. */
  readonly baseUrl: string;
}

export const COURIER_PORTS = Symbol('courier ports');

interface Address {
  readonly tenant: string;
  readonly connection: string;
}

/** A connection as it is now. */
interface Account {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly settings: TrackingtechSettings;
  readonly secrets: TrackingtechSecrets;
  readonly shop: { readonly id: string; readonly storeUrl: string } | null;
}

const KIND = 'trackingtech';
const OWN_PLUGIN = 'TrackingTech';
const TIMEOUT_MS = 10_000;
const RESUMED_WITHIN_MS = 5_000;
const SECRET_BYTES = 32;

const cannot = (detail: string): HttpProblem => new HttpProblem(409, 'Not at this point', detail);

/** The value of a step that worked; the courier's own words else. */
function valueOf<Value>(answer: AccountAnswer<Value>): Value {
  if (answer.kind === 'done') return answer.value;
  if (answer.kind === 'not-now') throw new HttpProblem(503, 'Not now', answer.because);
  throw new HttpProblem(409, 'The courier refuses', answer.because);
}

/** Connects an account at the courier step by step. Nothing of the courier's orders leaves before `link` and after `disconnect`. */
@Controller('v1/tenants/:tenant/connections/:connection/trackingtech')
export class CourierController {
  constructor(@Inject(COURIER_PORTS) private readonly ports: CourierPorts) {}

  @Get()
  async show(@Param() address: Address): Promise<CourierAccount> {
    return this.view(await this.accountAt(address));
  }

  /** The secret of the device id is made here, once. */
  @Post('resolve')
  @HttpCode(200)
  async resolve(@Param() address: Address, @Body() body: unknown): Promise<CourierAccount> {
    const account = await this.accountAt(address);
    const { courierCode = account.settings.courierCode } = readGiven(resolveBody, body, 'body');
    const deviceSecret = account.secrets.deviceSecret ?? randomBytes(SECRET_BYTES).toString('base64url');
    const deviceId = deviceIdOf(this.shopOf(account).storeUrl, deviceSecret);
    const reply = await this.send(accountCalls.resolve(account.settings, this.ports.baseUrl, courierCode, deviceId));
    return this.edited(address, { courierCode, courierTenant: valueOf(readResolved(reply)), deviceSecret });
  }

  @Post('login')
  @HttpCode(200)
  async login(@Param() address: Address, @Body() body: unknown): Promise<CourierAccount> {
    const account = await this.accountAt(address);
    const { email, password } = readGiven(loginBody, body, 'body');
    if (account.settings.courierTenant === null) throw cannot('Resolve the courier’s code first: POST …/resolve.');
    const reply = await this.send(accountCalls.login(account.settings, this.ports.baseUrl, email, password));
    const { state } = await this.view(account);
    const after = await this.edited(address, { token: valueOf(readLogin(reply)) });
    if (state !== 'token-expired') return after;
    // The same token again makes no new version of the settings, which would set the waiting orders going.
    const command = await askApp(this.ports.sql, 'fulfillment', account.tenantId, {
      kind: 'resume',
      payload: { connectionId: account.id },
    });
    await untilApplied(this.ports.sql, 'fulfillment', command, RESUMED_WITHIN_MS);
    return this.show(address);
  }

  @Post('stores')
  @HttpCode(200)
  async stores(@Param() address: Address, @Body() body: unknown): Promise<CourierStores> {
    readGiven(noBody, body, 'body');
    const { settings, secrets } = this.loggedIn(await this.accountAt(address));
    const reply = await this.send(accountCalls.stores(settings, this.ports.baseUrl, secrets));
    return { items: [...valueOf(readStores(reply))], nextCursor: null };
  }

  @Post('link')
  @HttpCode(200)
  async link(@Param() address: Address, @Body() body: unknown): Promise<CourierAccount> {
    const account = this.loggedIn(await this.accountAt(address));
    const { storeId, force } = readGiven(linkBody, body, 'body');
    const { id: shopId, storeUrl } = this.shopOf(account);
    if (!force) await this.refuseBesideOwnPlugin(account.tenantId, shopId);
    const { deviceSecret } = account.secrets;
    if (deviceSecret === undefined) throw cannot('Resolve the courier’s code first: POST …/resolve.');
    const to = { storeId, storeUrl, deviceId: deviceIdOf(storeUrl, deviceSecret) };
    const reply = await this.send(accountCalls.link(account.settings, this.ports.baseUrl, account.secrets, to));
    return this.edited(address, { storeId, customerId: valueOf(readLinked(reply)) });
  }

  /** First nothing is sent any more, then the courier is told; it may be told again by disconnecting there. */
  @Post('disconnect')
  @HttpCode(200)
  async disconnect(@Param() address: Address, @Body() body: unknown): Promise<CourierAccount> {
    readGiven(noBody, body, 'body');
    const { settings, secrets, shop } = await this.accountAt(address);
    const after = await this.edited(address, { courierTenant: null, storeId: null, customerId: null, token: null });
    if (settings.customerId === null || secrets.token === undefined || shop === null) return after;
    const from = { storeUrl: shop.storeUrl, customerId: settings.customerId };
    const told = readUnlinked(await this.send(accountCalls.unlink(settings, this.ports.baseUrl, secrets, from)));
    return told.kind === 'done' ? after : { ...after, warning: `The courier was not told: ${told.because}` };
  }

  private send(request: VendorRequest): Promise<VendorReply> {
    return this.ports.ask(request, TIMEOUT_MS);
  }

  private async accountAt({ tenant, connection }: Address): Promise<Account> {
    const all = isTenantOrConnectionId(tenant) ? await this.ports.connections(asTenantId(tenant)) : [];
    const found = all.find(({ id }) => id === connection);
    if (found?.kind !== KIND || found.state === 'disabled')
      throw new HttpProblem(
        404,
        'No such connection',
        'There is no active trackingtech connection of this name; GET …/connections lists them.',
      );
    const tenantId = asTenantId(tenant);
    const settings = trackingtechSettingsSchema.parse(found.settings);
    const secrets = readSecretValues(await this.ports.vault.getSecrets(tenantId, found.id, found.secretsVersion));
    const shop = all.find(
      ({ id, kind, state }) => kind === woocommerceSource.kind && state !== 'disabled' && (settings.sources?.includes(id) ?? true),
    );
    return {
      tenantId,
      id: found.id,
      settings,
      secrets: trackingtechSecretsSchema.parse(secrets),
      shop: shop === undefined ? null : { id: shop.id, storeUrl: woocommerceSettingsSchema.parse(shop.settings).storeUrl },
    };
  }

  private loggedIn(account: Account): Account {
    if (account.secrets.token === undefined) throw cannot('Log in first: POST …/login.');
    return account;
  }

  private shopOf({ shop }: Account): NonNullable<Account['shop']> {
    if (shop === null) throw cannot('The connection takes orders from no shop: connect a woocommerce shop first, or name it in `sources`.');
    return shop;
  }

  /** Both would order a courier for each parcel. */
  private async refuseBesideOwnPlugin(tenantId: TenantId, shopId: string): Promise<void> {
    const { polls } = await knowledgeOfShops(this.ports.sql, tenantId);
    const plugins = polls.get(shopId)?.report?.system?.activePlugins ?? [];
    const own = conflictsAmong(plugins).find(({ name }) => name === OWN_PLUGIN);
    if (own !== undefined) throw cannot(`The shop’s own TrackingTech plugin is active. ${own.todo} Or link with force: true.`);
  }

  private async edited(address: Address, fields: Readonly<Record<string, unknown>>): Promise<CourierAccount> {
    const answer = await this.ports.change.edit(asTenantId(address.tenant), (body) => ({
      ...body,
      connections: body.connections.map((one) => (one.id === address.connection ? { ...one, ...fields } : one)),
    }));
    if (answer.kind === 'refused')
      throw new HttpProblem(
        409,
        'The settings refuse it',
        'Nothing was changed.',
        answer.problems.map(({ message }) => ({ path: '', message })),
      );
    return this.view(await this.accountAt(address));
  }

  private async view({ tenantId, id, settings, secrets }: Account): Promise<CourierAccount> {
    const refusedWith = await parkedBecause(this.ports.sql, 'fulfillment', tenantId, id);
    const { courierCode, storeId, customerId } = settings;
    return { state: accountStateOf(settings, secrets, refusedWith), courierCode, storeId, customerId, warning: null };
  }
}
