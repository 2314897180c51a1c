import type { VendorReply } from '@tributary/domain';
import {
  accountCalls,
  accountStateOf,
  deviceIdOf,
  readLinked,
  readLogin,
  readResolved,
  readStores,
  readUnlinked,
} from './account.calls.js';
import { settingsOf } from './shipment.builder.js';

const BASE = 'https://courier.example/api';
const answered = (status: number, body: unknown): VendorReply => ({ kind: 'answered', status, headers: {}, body: JSON.stringify(body) });
const silent: VendorReply = { kind: 'no-answer', cause: 'timeout' };

it('names the installation by a hash of the shop’s address and a secret', () => {
  expect(deviceIdOf('https://shop.example', 's')).toMatch(/^[0-9a-f]{64}$/);
  expect(deviceIdOf('https://shop.example', 's')).not.toBe(deviceIdOf('https://shop.example', 't'));
});

it('asks as the contract says', () => {
  const settings = settingsOf();
  expect(accountCalls.resolve(settings, BASE, 'C-1', 'd')).toMatchObject({
    method: 'POST',
    url: `${BASE}/external/resolve`,
    body: JSON.stringify({ code: 'C-1', platform: 'woocommerce', deviceId: 'd' }),
  });
  expect(accountCalls.login(settings, BASE, 'm@example.com', 'p').body).toBe('{"email":"m@example.com","password":"p"}');
  expect(accountCalls.stores(settings, BASE, { token: 't' })).toMatchObject({ method: 'GET', headers: { Authorization: 'Bearer t' } });
  expect(accountCalls.link(settings, BASE, { token: 't' }, { storeId: '7', storeUrl: 'https://shop.example', deviceId: 'd' }).body).toBe(
    JSON.stringify({ store_id: '7', store_url: 'https://shop.example', deviceId: 'd', platform: 'woocommerce' }),
  );
  expect(accountCalls.unlink(settings, BASE, {}, { storeUrl: 'https://shop.example', customerId: '4711' }).body).toBe(
    JSON.stringify({ store_url: 'https://shop.example', customer_id: '4711' }),
  );
});

it.each<[string, unknown, unknown]>([
  ['a courier', readResolved(answered(200, { tenant: { id: 9, name: 'C', active: true } })), { kind: 'done', value: '9' }],
  [
    'an inactive courier',
    readResolved(answered(200, { tenant: { id: 9, active: false } })),
    { kind: 'refused', status: 403, because: 'the courier is not active' },
  ],
  ['an unknown code', readResolved(answered(404, { message: 'no such code' })), { kind: 'refused', status: 404, because: 'no such code' }],
  ['a token', readLogin(answered(200, { token: 'abc' })), { kind: 'done', value: 'abc' }],
  ['a wrong password', readLogin(answered(401, {})), { kind: 'refused', status: 401, because: 'HTTP 401' }],
  ['silence', readLogin(silent), { kind: 'not-now', because: 'the courier does not answer (timeout)' }],
  [
    'a page',
    readLogin({ kind: 'answered', status: 200, headers: {}, body: '<html>' }),
    { kind: 'not-now', because: 'the courier’s answer cannot be read' },
  ],
  [
    'stores',
    readStores(answered(200, { data: [{ id: 7, name: 'Main' }, { id: '8' }] })),
    {
      kind: 'done',
      value: [
        { id: '7', name: 'Main' },
        { id: '8', name: '8' },
      ],
    },
  ],
  ['a customer', readLinked(answered(200, { customer_id: 4711 })), { kind: 'done', value: '4711' }],
  ['an unlinking without a body', readUnlinked({ kind: 'answered', status: 200, headers: {}, body: '' }), { kind: 'done', value: true }],
  ['too many questions', readStores(answered(429, { message: 'wait' })), { kind: 'not-now', because: 'wait' }],
])('reads %s', (_what, seen, expected) => {
  expect(seen).toEqual(expected);
});

it.each<[string, string | null, string | null, string | undefined, string | null]>([
  ['disconnected', null, null, undefined, null],
  ['resolved', '9', null, undefined, null],
  ['logged-in', '9', null, 't', null],
  ['connected', '9', '4711', 't', null],
  ['token-expired', '9', '4711', 't', 'http-401'],
])('is %s', (state, courierTenant, customerId, token, refusedWith) => {
  const settings = settingsOf({ courierTenant, customerId, storeId: customerId === null ? null : '7' });
  expect(accountStateOf(settings, token === undefined ? {} : { token }, refusedWith)).toBe(state);
});
