import { tiktokDestination, tiktokSettingsSchema, type TiktokSecrets, type TiktokSettings } from '@tributary/destinations';
import {
  asConnectionId,
  asTenantId,
  ledgerKey,
  UNKNOWN_BUYER,
  type DeliveryIntent,
  type LedgerEntry,
  type OrderObserved,
  type VendorRequest,
} from '@tributary/domain';
import { orderObserved, orderPersonal, ORDER_TIME } from '../../../test/builders/order.builder.js';
import { tryOrder, type TrialPorts, type TrialResult } from './trial.js';

const NOW = ORDER_TIME + 3_600_000;
const ACME = asTenantId('acme');
const ADS = asConnectionId('ads');
const SHOP = asConnectionId('shop');
const source = { connectionId: SHOP, storeUrl: 'https://shop.example', country: 'CL', isConsentRequired: true };
const tenant = { tenantId: ACME, defaultCountry: 'CL' };

interface Scene {
  readonly order?: Partial<OrderObserved> | null;
  readonly settings?: object;
  readonly isActive?: boolean;
  readonly testCode?: string | null;
  readonly body?: string;
}

async function tried({
  order = {},
  settings = {},
  isActive = true,
  testCode = 'TEST1',
  body,
}: Scene): Promise<{ readonly result: TrialResult; readonly sent: readonly VendorRequest[] }> {
  const sent: VendorRequest[] = [];
  const observed =
    order === null ? null : orderObserved({ tenantId: ACME, connectionId: SHOP, orderId: '1042', consent: 'granted', ...order });
  const parsed: TiktokSettings = tiktokSettingsSchema.parse({ pixelCode: 'PIXEL1', ...settings });
  const intentOf = ({ plan, key }: LedgerEntry): DeliveryIntent => {
    if (plan === null || observed === null) throw new Error('nothing is planned');
    return {
      tenant,
      source,
      eventName: key.eventName,
      reference: key.reference,
      revision: key.revision,
      plan,
      orderNumber: observed.orderNumber,
      billingCountry: 'CL',
      orderedAt: observed.createdAt,
      consent: observed.consent,
      personal: orderPersonal(),
      isRenewal: false,
      orderStatus: observed.status,
      products: new Map(),
      isBaseSent: true,
      background: UNKNOWN_BUYER,
    };
  };
  const ports: TrialPorts<TiktokSettings, TiktokSecrets> = {
    directory: {
      refresh: () => Promise.resolve(false),
      tenant: () => tenant,
      source: () => source,
      destination: () => ({
        tenantId: ACME,
        connectionId: ADS,
        version: 3,
        activatedAt: NOW,
        configuredAt: NOW - 30 * 86_400_000,
        settings: parsed,
        isActive,
        secretsVersion: 1,
      }),
    },
    inForce: () =>
      Promise.resolve(
        isActive
          ? { settings: parsed, secrets: { accessToken: 'token' }, version: 3, baseUrl: 'https://vendor.example', settingsKey: '3' }
          : undefined,
      ),
    findOrder: () =>
      Promise.resolve(
        observed === null
          ? undefined
          : {
              state: {
                tenantId: ACME,
                connectionId: SHOP,
                orderId: '1042',
                head: null,
                isVanished: false,
                observed,
                deletionReportedAt: null,
              },
              partition: 0,
              observation: null,
            },
      ),
    intents: (entries) => Promise.resolve(new Map(entries.map((entry) => [ledgerKey(entry.key), intentOf(entry)]))),
    send: (request) => {
      sent.push(request);
      return Promise.resolve({ kind: 'answered', status: 200, headers: {}, body: body ?? '{"code":0,"message":"OK","request_id":"r1"}' });
    },
    moment: () => ({ nowMs: NOW, newEventId: () => 'event', random: 0 }),
  };
  return {
    result: await tryOrder(tiktokDestination, ports, { tenantId: ACME, destination: ADS, shop: SHOP, orderId: '1042', testCode }),
    sent,
  };
}

it('sends the order’s event with the test code, under an id of its own, and tells the vendor’s answer', async () => {
  const { result, sent } = await tried({});
  expect(result).toEqual({
    outcome: 'done',
    tried: { eventName: 'Purchase', outcome: 'delivered', answer: { code: '0', message: 'OK', requestId: 'r1' } },
  });
  expect(sent).toHaveLength(1);
  const body = JSON.parse(sent[0]?.body ?? '') as {
    readonly test_event_code: string;
    readonly data: readonly { readonly event_id: string }[];
  };
  expect(body).toMatchObject({ test_event_code: 'TEST1', event_source_id: 'PIXEL1' });
  expect(body.data.map(({ event_id }) => event_id)).toEqual([`wc_order_1042_test_${NOW}`]);
});

it('tells a refusal of the vendor as it is', async () => {
  const { result } = await tried({ body: '{"code":40002,"message":"no such currency","request_id":"r2"}' });
  expect(result).toMatchObject({ outcome: 'done', tried: { answer: { code: '40002', message: 'no such currency', requestId: 'r2' } } });
});

it('takes the settings’ code where none is given', async () => {
  const { sent } = await tried({ testCode: null, settings: { mode: 'test', testEventCode: 'OF-THE-SETTINGS' } });
  expect(JSON.parse(sent[0]?.body ?? '')).toMatchObject({ test_event_code: 'OF-THE-SETTINGS' });
});

it.each<[string, Scene, RegExp]>([
  ['without a test code', { testCode: null }, /without a test code/],
  ['while the connection is not active', { isActive: false }, /not active/],
  ['an order that nobody knows', { order: null }, /no such order/],
  ['an order that does not count', { order: { status: 'pending', paidAt: null } }, /does not count/],
  ['an order whose buyer denied consent', { order: { consent: 'denied' } }, /denied consent/],
  ['an order whose buyer was not asked, where that is needed', { order: { consent: null } }, /needs the buyer’s consent/],
])('sends nothing: %s', async (_what, scene, because) => {
  const { result, sent } = await tried(scene);
  expect(result).toMatchObject({ outcome: 'refused', because: expect.stringMatching(because) as string });
  expect(sent).toEqual([]);
});
