import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { BootstrapError } from '../bootstrap-error.mts';
import type { OnProgress } from '../progress.mts';
import { waitUntil } from '../wait-until.mts';
import type { ControlClient, Delivery } from './control-client.mts';
import { demoOrders, type DemoOrder } from './demo-orders.mts';
import { DemoShopControl } from './demo-shop.mts';
import { conversionsOf, sendVisit, type DemoPages } from './demo-visits.mts';
import { isSettled, type DemoOutcome, type PlacedOrder } from './outcome-table.mts';
import { DEMO_TENANTS_FILE } from './settings.mts';

const STATE_KNOWN_WITHIN_MS = 20_000;
const SETTLED_WITHIN_MS = 30_000;
/** Page views are off unless asked for. */
const CONVERSIONS_OF_A_VISIT = 3;
const DEMO_STEP = 'Sending the demo’s orders';

export interface DemoContext {
  readonly root: string;
  readonly ingestUrl: string;
  /** Of the WooCommerce simulator. */
  readonly shopUrl: string;
  /** Where shops reach ingest. */
  readonly publicIngestUrl: string;
  /** Of TikTok's simulator; null where another one is sent to. */
  readonly tiktokSimulatorUrl: string | null;
  readonly control: ControlClient;
  readonly onProgress: OnProgress;
}

export interface DemoResult {
  /** How many events of the visit were accepted. */
  readonly accepted: number;
  /** What TikTok's simulator has of them; null where it is none. */
  readonly conversions: readonly string[] | null;
  readonly outcomes: readonly DemoOutcome[];
}

interface TenantsFile {
  readonly tenants: readonly { readonly id: string; readonly connections: readonly Readonly<Record<string, unknown>>[] }[];
}

const readTenantsFile = (root: string): TenantsFile => parse(readFileSync(join(root, DEMO_TENANTS_FILE), 'utf8')) as TenantsFile;

interface DemoConnections {
  readonly tenant: string;
  readonly shop: string;
  readonly writeKey: string;
  /** `consumerKey:consumerSecret` of the shop. */
  readonly key: string;
}

function demoConnections(root: string): DemoConnections {
  const [tenant] = readTenantsFile(root).tenants;
  const ofKind = (kind: string): Readonly<Record<string, unknown>> | undefined =>
    tenant?.connections.find((connection) => connection['kind'] === kind);
  const [shop, pages] = [ofKind('woocommerce'), ofKind('visits')];
  if (tenant === undefined || shop === undefined || pages === undefined)
    throw new BootstrapError(`${DEMO_TENANTS_FILE} must have a tenant with a woocommerce and a visits connection.`);
  const key = `${String(shop['consumerKey'])}:${String(shop['consumerSecret'])}`;
  return { tenant: tenant.id, shop: String(shop['id']), writeKey: String(pages['writeKey']), key };
}

/** The REST keys with which the demo's shop is read. */
export const demoShopKey = (root: string): string => demoConnections(root).key;

/** Tenant and connection of the demo's orders. */
export const demoShop = (root: string): { readonly tenant: string; readonly connection: string } => {
  const { tenant, shop } = demoConnections(root);
  return { tenant, connection: shop };
};

/** Writes the demo's tenants file with the address at which its shop is found this time; answers where. */
export function writeDemoTenants(root: string, home: string, shopUrl: string): string {
  const { tenants } = readTenantsFile(root);
  const placed = tenants.map((tenant) => ({
    ...tenant,
    connections: tenant.connections.map((connection) => {
      if (connection['kind'] === 'woocommerce') return { ...connection, storeUrl: shopUrl };
      return connection['kind'] === 'visits' ? { ...connection, allowedOrigins: [shopUrl] } : connection;
    }),
  }));
  const file = join(home, 'data', 'demo-tenants.yaml');
  writeFileSync(`${file}.new`, stringify({ tenants: placed }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return file;
}

/** One visit through the front door, then orders in the demo's shop; waits for what becomes of each. */
export async function runDemo(context: DemoContext): Promise<DemoResult> {
  const { root, ingestUrl, shopUrl, publicIngestUrl, tiktokSimulatorUrl, onProgress } = context;
  const { tenant, shop: connection, writeKey } = demoConnections(root);
  const shop = new DemoShopControl(shopUrl);
  onProgress('Waiting for the webhooks of the demo’s shop');
  await shop.untilConnected(publicIngestUrl);
  onProgress('Sending the demo’s visit');
  const startedAtMs = Date.now();
  const visitorId = randomUUID();
  const pages: DemoPages = { collectUrl: `${ingestUrl}/v1/collect`, writeKey, origin: shopUrl };
  const accepted = await sendVisit(pages, visitorId, startedAtMs);
  onProgress(DEMO_STEP);
  const placed: { readonly order: PlacedOrder; readonly decidedAtMs: number }[] = [];
  for (const order of demoOrders(await shop.product(), visitorId)) {
    placed.push(await placeOrder(context, { tenant, connection, shop }, order));
  }
  const orders = placed.map(({ order }) => order);
  const place = { tenant, connection };
  // What counts as a purchase is shipped as well.
  const expected = orders.filter(({ staysOut }) => staysOut === null);
  const deliveries = await settledDeliveries('tiktok', context, place, expected, startedAtMs);
  const couriers = await settledDeliveries('trackingtech', context, place, expected, startedAtMs);
  const outcomes = placed.map(async ({ order, decidedAtMs }) => ({
    order,
    status: await context.control.statusOf(tenant, connection, order.id),
    deliveries: deliveries.filter(({ reference }) => reference === order.id),
    courier: couriers.find(({ reference }) => reference === order.id),
    sentAtMs: (await shop.sentAt(order.id, decidedAtMs)) ?? decidedAtMs,
  }));
  const conversions = tiktokSimulatorUrl === null ? null : await conversionsOf(tiktokSimulatorUrl, accepted, CONVERSIONS_OF_A_VISIT);
  return { accepted: accepted.length, conversions, outcomes: await Promise.all(outcomes) };
}

interface DemoConnection {
  readonly tenant: string;
  readonly connection: string;
}

/** Places an order and lets happen to it what shall; answers when that was done which decides. */
async function placeOrder(
  { control }: DemoContext,
  { tenant, connection, shop }: DemoConnection & { readonly shop: DemoShopControl },
  order: DemoOrder,
): Promise<{ readonly order: PlacedOrder; readonly decidedAtMs: number }> {
  let decidedAtMs = Date.now();
  const { id, status } = await shop.place(order);
  const isKnownAs = (wanted: string): Promise<true> =>
    waitUntil({ what: `control showing order ${id} as ${wanted}`, timeoutMs: STATE_KNOWN_WITHIN_MS }, async () =>
      (await control.statusOf(tenant, connection, id)) === wanted ? true : undefined,
    );
  let before = status;
  for (const { action, body, decides } of order.acts) {
    await isKnownAs(before);
    if (decides) decidedAtMs = Date.now();
    await shop.act(id, action, body);
    before = body.status ?? before;
  }
  return { order: { ...order, id }, decidedAtMs };
}

/** What there is once each of these orders is settled at the destination of this kind, or once time is up. */
async function settledDeliveries(
  kind: string,
  { control, onProgress }: DemoContext,
  { tenant, connection }: DemoConnection,
  expected: readonly PlacedOrder[],
  sinceMs: number,
): Promise<readonly Delivery[]> {
  let latest: readonly Delivery[] = [];
  const look = async (): Promise<true | undefined> => {
    latest = (await control.deliveries(kind, tenant, sinceMs)).filter(({ source }) => source === connection);
    const settled = new Set(latest.filter(isSettled).map(({ reference }) => reference));
    onProgress(DEMO_STEP, `${expected.filter(({ id }) => settled.has(id)).length} of ${expected.length} settled at ${kind}`);
    return expected.every(({ id }) => settled.has(id)) ? true : undefined;
  };
  await waitUntil({ what: 'an outcome for every order of the demo', timeoutMs: SETTLED_WITHIN_MS, intervalMs: 100 }, look).catch(
    () => undefined,
  );
  return latest;
}
