import { hash } from 'node:crypto';
import type { VendorReply, VendorRequest } from '@tributary/domain';
import { scrubbed } from '../answer-text.js';
import { isObject, jsonOf } from './answer-classes.js';
import { courierHeaders, courierUrl } from './shipment.request.js';
import type { TrackingtechSecrets, TrackingtechSettings } from './trackingtech.schema.js';

const PLATFORM = 'woocommerce';

export interface CourierStore {
  readonly id: string;
  readonly name: string;
}

/** What one step of connecting an account came to; `not-now`: nothing is known, ask again. */
export type AccountAnswer<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  | { readonly kind: 'refused'; readonly status: number; readonly because: string }
  | { readonly kind: 'not-now'; readonly because: string };

/** Names the installation to the courier, not a person: SHA-256 hex of the shop's address and a secret of the connection. */
export const deviceIdOf = (storeUrl: string, deviceSecret: string): string => hash('sha256', `${storeUrl}${deviceSecret}`, 'hex');

type Places = Pick<TrackingtechSettings, 'baseUrl' | 'paths'>;

const post = (places: Places, baseUrl: string, path: string, secrets: TrackingtechSecrets, body: object): VendorRequest => ({
  method: 'POST',
  url: courierUrl(places, baseUrl, path),
  headers: { ...courierHeaders(secrets), 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
});

/** The calls of connecting and disconnecting. @see docs/trackingtech-contract.md */
export const accountCalls = {
  resolve: (places: Places, baseUrl: string, code: string, deviceId: string): VendorRequest =>
    post(places, baseUrl, places.paths.resolve, {}, { code, platform: PLATFORM, deviceId }),
  login: (places: Places, baseUrl: string, email: string, password: string): VendorRequest =>
    post(places, baseUrl, places.paths.login, {}, { email, password }),
  stores: (places: Places, baseUrl: string, secrets: TrackingtechSecrets): VendorRequest => ({
    method: 'GET',
    url: courierUrl(places, baseUrl, places.paths.stores),
    headers: courierHeaders(secrets),
    body: '',
  }),
  link: (
    places: Places,
    baseUrl: string,
    secrets: TrackingtechSecrets,
    to: { readonly storeId: string; readonly storeUrl: string; readonly deviceId: string },
  ): VendorRequest =>
    post(places, baseUrl, places.paths.link, secrets, {
      store_id: to.storeId,
      store_url: to.storeUrl,
      deviceId: to.deviceId,
      platform: PLATFORM,
    }),
  unlink: (
    places: Places,
    baseUrl: string,
    secrets: TrackingtechSecrets,
    from: { readonly storeUrl: string; readonly customerId: string },
  ): VendorRequest => post(places, baseUrl, places.paths.unlink, secrets, { store_url: from.storeUrl, customer_id: from.customerId }),
} as const;

const text = (value: unknown): string | null => {
  const written = typeof value === 'number' ? String(value) : value;
  return typeof written === 'string' && written.trim() !== '' ? written.trim() : null;
};

/** Reads a step's answer: `value` from a 2xx with a JSON body, else why not, in the courier's words without what they may quote. */
function read<Value>(reply: VendorReply, value: (body: unknown) => Value | null): AccountAnswer<Value> {
  if (reply.kind !== 'answered') return { kind: 'not-now', because: `the courier does not answer (${scrubbed(reply.cause)})` };
  const body = jsonOf(reply.body);
  if (reply.status >= 200 && reply.status < 300) {
    const found = value(body);
    return found === null ? { kind: 'not-now', because: 'the courier’s answer cannot be read' } : { kind: 'done', value: found };
  }
  const message = isObject(body) && typeof body['message'] === 'string' ? scrubbed(body['message']) : `HTTP ${reply.status}`;
  if (reply.status === 429 || reply.status >= 500) return { kind: 'not-now', because: message };
  return { kind: 'refused', status: reply.status, because: message };
}

/** The courier's own id for its code; an inactive courier is refused. */
export const readResolved = (reply: VendorReply): AccountAnswer<string> => {
  const answer = read(reply, (body) => (isObject(body) && isObject(body['tenant']) ? body['tenant'] : null));
  if (answer.kind !== 'done') return answer;
  const id = text(answer.value['id']);
  if (answer.value['active'] === false) return { kind: 'refused', status: 403, because: 'the courier is not active' };
  return id === null ? { kind: 'not-now', because: 'the courier’s answer cannot be read' } : { kind: 'done', value: id };
};

export const readLogin = (reply: VendorReply): AccountAnswer<string> =>
  read(reply, (body) => (isObject(body) ? text(body['token']) : null));

export const readStores = (reply: VendorReply): AccountAnswer<readonly CourierStore[]> =>
  read(reply, (body) => {
    const list = Array.isArray(body)
      ? (body as unknown[])
      : isObject(body) && Array.isArray(body['data'])
        ? (body['data'] as unknown[])
        : null;
    return (
      list?.flatMap((store) => {
        const id = isObject(store) ? text(store['id']) : null;
        return id === null || !isObject(store) ? [] : [{ id, name: text(store['name']) ?? id }];
      }) ?? null
    );
  });

export const readLinked = (reply: VendorReply): AccountAnswer<string> =>
  read(reply, (body) => (isObject(body) ? text(body['customer_id']) : null));

/** Any 2xx will do. */
export const readUnlinked = (reply: VendorReply): AccountAnswer<true> => read(reply, () => true as const);

export type CourierAccountState = 'disconnected' | 'resolved' | 'logged-in' | 'connected' | 'token-expired';

/** How far a connection is; `refusedWith`: the answer for which its credential is parked, else null. */
export function accountStateOf(
  settings: Pick<TrackingtechSettings, 'courierTenant' | 'storeId' | 'customerId'>,
  { token }: TrackingtechSecrets,
  refusedWith: string | null,
): CourierAccountState {
  if (token === undefined) return settings.courierTenant === null ? 'disconnected' : 'resolved';
  if (refusedWith === 'http-401') return 'token-expired';
  return settings.storeId === null || settings.customerId === null ? 'logged-in' : 'connected';
}
