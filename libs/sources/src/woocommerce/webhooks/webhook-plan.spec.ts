import { addressHash } from '@tributary/domain';
import { webhookAddress } from './managed-address.js';
import { webhookName } from './webhook-calls.js';
import { planWebhooks, readListedWebhooks, type ListedWebhook, type OwnWebhook, type WebhookScene } from './webhook-plan.js';

const BASE = 'https://in.example';
const TOPICS = ['order.created', 'order.updated'];
const FILE_TOKEN = 'token-of-the-tenants-file';
const tokenOf = (number: number): string => `token-of-webhook-${number}`;
const nameOf = (topic: string): string => webhookName('acme', 'shop', topic);

const own = (number: number, changes: Partial<OwnWebhook> = {}): OwnWebhook => ({
  number,
  topic: TOPICS[number - 1] ?? 'order.created',
  tokenHash: addressHash(tokenOf(number)),
  webhookId: 100 + number,
  isDistrusted: false,
  ...changes,
});
const listed = (number: number, changes: Partial<ListedWebhook> = {}): ListedWebhook => ({
  id: 100 + number,
  name: nameOf(TOPICS[number - 1] ?? 'order.created'),
  topic: TOPICS[number - 1] ?? 'order.created',
  status: 'active',
  deliveryUrl: webhookAddress(BASE, tokenOf(number)),
  ...changes,
});
const scene = (changes: Partial<WebhookScene> = {}): WebhookScene => ({
  listed: [listed(1), listed(2)],
  own: [own(1), own(2)],
  retiredHashes: new Set(),
  fileTokenHash: addressHash(FILE_TOKEN),
  base: BASE,
  topics: TOPICS,
  nameOf,
  ...changes,
});
const fresh = (topic: string): object => ({ topic, pending: null });
const NOTHING = { adopt: [], create: [], remove: [], retire: [], broken: [] };

describe('the webhooks of a shop', () => {
  it('stay as they are when each topic has its own', () => {
    expect(planWebhooks(scene())).toEqual(NOTHING);
  });

  it('are made in a new shop, and nothing was broken', () => {
    expect(planWebhooks(scene({ listed: [], own: [] }))).toEqual({ ...NOTHING, create: TOPICS.map(fresh) });
  });

  it.each([
    ['disabled by the shop', { status: 'disabled' }, 'disabled'],
    ['paused', { status: 'paused' }, 'paused'],
    ['of another topic', { topic: 'product.updated' }, 'edited'],
    ['sent elsewhere', { deliveryUrl: 'https://elsewhere.example/' }, 'edited'],
    ['sent to an address that we had before', { deliveryUrl: webhookAddress('https://old.example', tokenOf(2)) }, 'moved'],
  ])('are deleted and made anew when one is %s', (_, change, fault) => {
    expect(planWebhooks(scene({ listed: [listed(1), listed(2, change)] }))).toEqual({
      ...NOTHING,
      create: [fresh('order.updated')],
      remove: [102],
      retire: [2],
      broken: [{ topic: 'order.updated', fault }],
    });
  });

  it('are made anew when one is missing', () => {
    expect(planWebhooks(scene({ listed: [listed(1)] }))).toEqual({
      ...NOTHING,
      create: [fresh('order.updated')],
      retire: [2],
      broken: [{ topic: 'order.updated', fault: 'missing' }],
    });
  });

  it('are made anew when somebody signs with another secret', () => {
    expect(planWebhooks(scene({ own: [own(1), own(2, { isDistrusted: true })] }))).toMatchObject({
      create: [fresh('order.updated')],
      remove: [102],
      broken: [{ fault: 'secret-edited' }],
    });
  });

  it('are recognised by their address when the answer to their creation was lost', () => {
    expect(planWebhooks(scene({ own: [own(1), own(2, { webhookId: null })] }))).toEqual({
      ...NOTHING,
      adopt: [{ number: 2, webhookId: 102 }],
    });
  });

  it('are made again, under the same address, when their creation never arrived, which broke nothing', () => {
    expect(planWebhooks(scene({ own: [own(1), own(2, { webhookId: null })], listed: [listed(1)] }))).toEqual({
      ...NOTHING,
      create: [{ topic: 'order.updated', pending: 2 }],
    });
  });
});

describe('webhooks that are not to be there', () => {
  it.each([
    ['a second copy of one', listed(2, { id: 200 })],
    ['a replaced one that could not be deleted', listed(3, { id: 200, name: 'renamed' })],
    ['one of a database that was lost', listed(7, { id: 200 })],
  ])('are deleted: %s', (_, extra) => {
    const retiredHashes = new Set([addressHash(tokenOf(3))]);
    expect(planWebhooks(scene({ listed: [listed(1), listed(2), extra], retiredHashes }))).toEqual({ ...NOTHING, remove: [200] });
  });

  it('are all of ours when none is wanted', () => {
    expect(planWebhooks(scene({ topics: [] }))).toEqual({ ...NOTHING, retire: [1, 2], remove: [101, 102] });
  });

  it.each([
    ['made by hand with the address of the file', { name: 'My webhook', deliveryUrl: webhookAddress(BASE, FILE_TOKEN) }],
    ['made by hand and called like ours', { deliveryUrl: webhookAddress(BASE, FILE_TOKEN) }],
    ['of somebody else', { name: 'Another app', deliveryUrl: 'https://other.example/hook' }],
    ['of another installation', { deliveryUrl: webhookAddress('https://staging.example', tokenOf(9)) }],
    ['of another shop of ours', { name: webhookName('acme', 'other', 'order.created'), deliveryUrl: webhookAddress(BASE, tokenOf(9)) }],
  ])('are never one %s', (_, change) => {
    expect(planWebhooks(scene({ listed: [listed(1), listed(2), listed(8, { id: 200, ...change })] }))).toEqual(NOTHING);
  });
});

it('reads the rows of a list, and passes over what has no id', () => {
  const row = { id: 7, name: 'x', topic: 'order.updated', status: 'active', delivery_url: 'https://in.example/a', secret: 'never shown' };
  expect(readListedWebhooks([row, { name: 'none' }, 'odd', null])).toEqual([
    { id: 7, name: 'x', topic: 'order.updated', status: 'active', deliveryUrl: 'https://in.example/a' },
  ]);
});
