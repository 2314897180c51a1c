import { asConnectionId } from '@tributary/domain';
import { consentDecisions, whatChanged } from './change-report.js';
import { changeTenant, type KnownConnection } from './tenant-change.js';
import { readTenantBody } from './tenants-file.js';

const desired = (body: object): Extract<ReturnType<typeof readTenantBody>, { kind: 'read' }>['tenant'] => {
  const reading = readTenantBody(body, 'acme');
  if (reading.kind === 'refused') throw new Error(JSON.stringify(reading.problems));
  return reading.tenant;
};
const ads = { id: 'ads', kind: 'tiktok', pixelCode: 'P1' };
const shop = { id: 'shop', kind: 'woocommerce', storeUrl: 'https://shop.example' };

const known: KnownConnection = {
  id: asConnectionId('ads'),
  kind: 'tiktok',
  version: 3,
  state: 'active',
  tenantName: 'acme',
  defaultCountry: null,
  activatedAt: 1,
  wasActive: true,
  settings: desired({ connections: [{ ...ads, accessToken: 'old' }] }).connections[0]?.settings,
  secretsVersion: 1,
  addressHashes: [],
  secrets: { accessToken: 'old' },
};

const told = (body: object, before: readonly KnownConnection[]): string[][] => {
  const change = changeTenant(desired(body), before, { nowMs: 1, newToken: () => 'a-made-token-of-some-length', told: new Map() });
  if (change.kind === 'refused') throw new Error(JSON.stringify(change.problems));
  return change.connections.map((connection) => [
    ...whatChanged(
      connection,
      before.find(({ id }) => id === connection.id),
    ),
  ]);
};

describe('what a change is told as', () => {
  it('names fields and states, never values', () => {
    const body = {
      name: 'Acme',
      state: 'suspended',
      defaultCountry: 'CL',
      connections: [{ ...ads, accessToken: 'new-secret', purchase: { when: 'placed' }, testEventCode: 'T1' }],
    };
    expect(told(body, [known])).toEqual([
      ['state active → suspended', 'tenant name', 'defaultCountry', 'purchase.when', 'testEventCode', 'accessToken'],
    ]);
  });

  it('is empty when nothing changed', () => {
    expect(told({ connections: [{ ...ads, accessToken: 'old' }] }, [known])).toEqual([[]]);
  });

  it('names what was made for a new connection', () => {
    expect(told({ connections: [shop] }, [])).toEqual([['created', 'webhookToken generated', 'webhookSecret generated']]);
  });

  it('says that a connection which is left out is disabled', () => {
    expect(told({ connections: [] }, [known])).toEqual([['state active → disabled']]);
  });
});

describe('the consent rule', () => {
  it('is told for each shop with its reason', () => {
    const tenant = desired({
      defaultCountry: 'DE',
      connections: [shop, { ...shop, id: 'other', country: 'CL' }, { ...ads, sources: ['shop'], accessToken: 't' }],
    });
    expect(consentDecisions(tenant, [])).toEqual([
      { connection: 'shop', required: true, because: expect.stringContaining('default country DE') },
      { connection: 'other', required: false, because: expect.stringContaining('country CL') },
    ]);
  });

  it('knows where the shop says that it is', () => {
    const fromShop = { country: 'CL', currency: 'CLP', currencyDecimals: 0, timeZone: null, weightUnit: null };
    const tenant = desired({ defaultCountry: 'DE', connections: [shop] });
    const [decision] = consentDecisions(tenant, [
      { ...known, id: asConnectionId('shop'), settings: { ...tenant.connections[0]?.settings, fromShop } },
    ]);
    expect(decision).toMatchObject({ required: false, because: expect.stringContaining('CL, where the shop says that it is') });
  });
});
