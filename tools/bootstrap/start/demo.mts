import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { BootstrapError } from '../bootstrap-error.mts';
import type { OnProgress } from '../progress.mts';
import { waitUntil } from '../wait-until.mts';
import type { ControlClient, Delivery } from './control-client.mts';
import { sendVisit, type DemoPages } from './demo-visits.mts';
import { DEMO_ORDERS, demoOrders, signedRequest, type DemoOrder, type DemoWebhook, type OrderBody } from './demo-orders.mts';
import { isSettled, type DemoOutcome } from './outcome-table.mts';
import { DEMO_TENANTS_FILE } from './settings.mts';

const FIRST_ORDER_ID = 1042;
const SHOP_KNOWN_WITHIN_MS = 20_000;
const STATE_KNOWN_WITHIN_MS = 20_000;
const SETTLED_WITHIN_MS = 30_000;
const DEMO_STEP = 'Sending the demo’s orders';

export interface DemoShop {
  readonly tenant: string;
  readonly connection: string;
  readonly webhookUrl: string;
  readonly webhookSecret: string;
}

export interface DemoContext {
  readonly root: string;
  readonly home: string;
  readonly ingestUrl: string;
  readonly control: ControlClient;
  readonly onProgress: OnProgress;
}

interface TenantsFile {
  readonly tenants: readonly { readonly id: string; readonly connections: readonly Readonly<Record<string, unknown>>[] }[];
}

function demoTenant(root: string): TenantsFile['tenants'][number] {
  const { tenants } = parse(readFileSync(join(root, DEMO_TENANTS_FILE), 'utf8')) as TenantsFile;
  const [tenant] = tenants;
  if (tenant === undefined) throw new BootstrapError(`${DEMO_TENANTS_FILE} has no tenant.`);
  return tenant;
}

/** The shop of the demo's tenant file. */
export function demoShop(root: string, ingestUrl: string): DemoShop {
  const tenant = demoTenant(root);
  const shop = tenant.connections.find(({ kind }) => kind === 'woocommerce');
  if (shop === undefined) throw new BootstrapError(`${DEMO_TENANTS_FILE} has no tenant with a woocommerce connection.`);
  return {
    tenant: tenant.id,
    connection: String(shop['id']),
    webhookUrl: `${ingestUrl}/v1/sources/woocommerce/${String(shop['webhookToken'])}`,
    webhookSecret: String(shop['webhookSecret']),
  };
}

/** The pages of the demo's tenant file. */
function demoPages(root: string, ingestUrl: string): DemoPages {
  const pages = demoTenant(root).connections.find(({ kind }) => kind === 'visits');
  const [origin] = (pages?.['allowedOrigins'] ?? []) as readonly string[];
  if (pages === undefined || origin === undefined)
    throw new BootstrapError(`${DEMO_TENANTS_FILE} has no visits connection with an origin.`);
  return { collectUrl: `${ingestUrl}/v1/collect`, writeKey: String(pages['writeKey']), origin };
}

/** Sends one visit through the front door; answers how many of its events were accepted. */
export function runDemoVisit({ root, ingestUrl, onProgress }: DemoContext): Promise<number> {
  onProgress('Sending the demo’s visit');
  return sendVisit(demoPages(root, ingestUrl), Date.now());
}

/** Sends the demo's orders through the front door and waits for what becomes of each. */
export async function runDemo(context: DemoContext): Promise<readonly DemoOutcome[]> {
  const shop = demoShop(context.root, context.ingestUrl);
  context.onProgress(DEMO_STEP);
  await waitUntil({ what: 'ingest knowing the demo’s shop', timeoutMs: SHOP_KNOWN_WITHIN_MS }, async () =>
    (await ping(shop)).status === 200 ? true : undefined,
  );
  const template = JSON.parse(readFileSync(join(context.root, 'deploy', 'demo', 'order.json'), 'utf8')) as OrderBody;
  const startedAtMs = Date.now();
  const orders = demoOrders(template, await takeOrderIds(context, shop), startedAtMs);
  const sentAtMs = new Map<string, number>();
  for (const order of orders) sentAtMs.set(order.id, await sendOrder(context, shop, order));
  const deliveries = await settledDeliveries(context, shop, orders, startedAtMs);
  return Promise.all(
    orders.map(async (order) => ({
      order,
      status: await context.control.statusOf(shop.tenant, shop.connection, order.id),
      deliveries: deliveries.filter(({ reference }) => reference === order.id),
      sentAtMs: sentAtMs.get(order.id) ?? startedAtMs,
    })),
  );
}

const ping = (shop: DemoShop): Promise<Response> =>
  fetch(shop.webhookUrl, { method: 'POST', body: 'webhook_id=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } });

/** Ids that no demo used before: kept in the home, beyond the clock's when control knows them from elsewhere. */
async function takeOrderIds({ home, control }: DemoContext, shop: DemoShop): Promise<number> {
  const file = join(home, 'data', 'demo-order-id');
  const kept = existsSync(file) ? Number(readFileSync(file, 'utf8')) : FIRST_ORDER_ID;
  const isKnown = (await control.statusOf(shop.tenant, shop.connection, String(kept))) !== undefined;
  const first = isKnown ? Math.floor(Date.now() / 1_000) : kept;
  writeFileSync(`${file}.new`, String(first + DEMO_ORDERS));
  renameSync(`${file}.new`, file);
  return first;
}

/** Sends an order's webhooks one after the other; returns when the one that decided was first sent. */
async function sendOrder(context: DemoContext, shop: DemoShop, order: DemoOrder): Promise<number> {
  let decidedAtMs = 0;
  let before: DemoWebhook | undefined;
  for (const webhook of order.webhooks) {
    const isNews = before === undefined || JSON.stringify(before.body) !== JSON.stringify(webhook.body);
    if (before !== undefined && isNews) await untilKnown(context, shop, order.id, String(before.body['status']));
    if (isNews) decidedAtMs = Date.now();
    await deliver(shop, webhook);
    before = webhook;
  }
  return decidedAtMs;
}

async function deliver(shop: DemoShop, webhook: DemoWebhook): Promise<void> {
  const { body, headers } = signedRequest(webhook, shop.webhookSecret);
  const answer = await fetch(shop.webhookUrl, { method: 'POST', body: new Uint8Array(body), headers });
  if (answer.status !== 200)
    throw new BootstrapError(`A webhook of the demo was answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`);
}

const untilKnown = (context: DemoContext, shop: DemoShop, orderId: string, status: string): Promise<boolean> =>
  waitUntil({ what: `control showing order ${orderId} as ${status}`, timeoutMs: STATE_KNOWN_WITHIN_MS }, async () =>
    (await context.control.statusOf(shop.tenant, shop.connection, orderId)) === status ? true : undefined,
  );

/** What there is once every order that leads to a conversion is settled, or once time is up. */
async function settledDeliveries(
  { control, onProgress }: DemoContext,
  shop: DemoShop,
  orders: readonly DemoOrder[],
  sinceMs: number,
): Promise<readonly Delivery[]> {
  const ids = new Set(orders.map(({ id }) => id));
  const expected = orders.filter(({ staysOut }) => staysOut === null);
  let latest: readonly Delivery[] = [];
  const look = async (): Promise<true | undefined> => {
    latest = (await control.tiktokDeliveries(shop.tenant, sinceMs)).filter(
      ({ source, reference }) => source === shop.connection && ids.has(reference),
    );
    const settled = new Set(latest.filter(isSettled).map(({ reference }) => reference));
    onProgress(DEMO_STEP, `${settled.size} of ${expected.length} settled`);
    return expected.every(({ id }) => settled.has(id)) ? true : undefined;
  };
  await waitUntil({ what: 'an outcome for every order of the demo', timeoutMs: SETTLED_WITHIN_MS, intervalMs: 100 }, look).catch(
    () => undefined,
  );
  return latest;
}
