import { virtualShop, type VirtualShop } from '../virtual-shop.ts';
import type { ShopAnswer } from '../rest/answer.ts';

const ASKED = {
  app_name: 'Tributary',
  user_id: 'state-42',
  return_url: 'https://app.example/back',
  callback_url: 'https://app.example/keys',
  scope: 'read_write',
};

const visit = ({ shop }: VirtualShop, url: string): Promise<ShopAnswer> => shop.browse({ method: 'GET', url, headers: {}, body: null });
const authorize = (virtual: VirtualShop, change: object = {}): Promise<ShopAnswer> =>
  visit(virtual, `https://shop.example/wc-auth/v1/authorize?${new URLSearchParams({ ...ASKED, ...change }).toString()}`);

async function approve(virtual: VirtualShop, change: object = {}): Promise<ShopAnswer> {
  const page = await authorize(virtual, change);
  const link = /wc-auth-approve" href="([^"]+)"/.exec(page.body)?.[1] ?? '';
  return visit(virtual, link.replaceAll('&amp;', '&'));
}

it('posts a key that works, then sends the merchant back', async () => {
  const virtual = virtualShop();
  const answer = await approve(virtual);
  expect(answer).toMatchObject({ status: 302, headers: { location: 'https://app.example/back?success=1&user_id=state-42' } });
  const [post] = virtual.sent;
  expect(post).toMatchObject({ kind: 'key-grant', url: ASKED.callback_url, timeoutMs: 60_000 });
  expect(post!.headers).toMatchObject({
    'User-Agent': 'WordPress/6.9.1; https://shop.example',
    'Content-Type': 'application/json;charset=UTF-8',
  });
  const granted = JSON.parse(post!.body) as Record<string, string>;
  expect(Object.keys(granted)).toEqual(['key_id', 'user_id', 'consumer_key', 'consumer_secret', 'key_permissions']);
  expect(granted).toMatchObject({ user_id: 'state-42', key_permissions: 'read_write' });
  const query = `consumer_key=${granted['consumer_key']}&consumer_secret=${granted['consumer_secret']}`;
  expect(
    virtual.shop.handle({ method: 'GET', url: `https://shop.example/wp-json/wc/v3/orders?${query}`, headers: {}, body: null }).status,
  ).toBe(200);
});

it('names no shop in what it posts, and signs nothing', async () => {
  const virtual = virtualShop();
  await approve(virtual);
  expect(virtual.sent[0]!.body).not.toContain('shop.example');
  expect(Object.keys(virtual.sent[0]!.headers).filter((name) => name.startsWith('X-WC'))).toEqual([]);
});

it.each([201, 204, 302, 500, null])('takes the key back when the app answers %s', async (status) => {
  const virtual = virtualShop();
  virtual.answerWith(status);
  expect((await approve(virtual)).status).toBe(401);
  const { consumer_key: key } = JSON.parse(virtual.sent[0]!.body) as Record<string, string>;
  expect(virtual.shop.people.findKey(key!)).toBeUndefined();
});

it.each([
  [{ callback_url: 'http://app.example/keys' }, 'The callback_url needs to be over SSL'],
  [{ scope: 'everything' }, 'Invalid scope everything'],
  [{ user_id: '' }, 'Missing parameter user_id'],
  [{ return_url: 'https://' }, 'is not a valid URL'],
])('refuses %j', async (change, message) => {
  const answer = await authorize(virtualShop(), change);
  expect(answer.status).toBe(401);
  expect(answer.body).toContain(message);
});

it('grants nothing without the approval of its own page', async () => {
  const virtual = virtualShop();
  const url = `https://shop.example/wc-auth/v1/access_granted?${new URLSearchParams({ ...ASKED, wc_auth_nonce: 'guess' }).toString()}`;
  expect((await visit(virtual, url)).status).toBe(401);
  expect(virtual.sent).toEqual([]);
});

it('is one of the shop’s pages: others are answered as ever', async () => {
  expect((await visit(virtualShop(), 'https://shop.example/')).headers['link']).toContain('https://api.w.org/');
});
