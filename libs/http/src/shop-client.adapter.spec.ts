import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ShopClient } from './shop-client.adapter.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let origin: string;
let answer: Answer;
let asked: string[];
const clients: ShopClient[] = [];

function client(options: Partial<ConstructorParameters<typeof ShopClient>[0]> = {}): ShopClient {
  const made = new ShopClient({ allowPrivateHosts: true, timeoutMs: 2_000, maxBodyBytes: 1_000, ...options });
  clients.push(made);
  return made;
}

const get = (path: string, options = {}) => client(options).send({ url: `${origin}${path}`, headers: { authorization: 'Basic keys' } });

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(`${request.url ?? ''} ${request.headers.authorization ?? ''}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((one) => one.close()));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const redirectTo =
  (location: string): Answer =>
  (_, response) => {
    response.writeHead(302, { location }).end();
  };

it('hands back status, headers in lower case and body', async () => {
  answer = (_, response) => response.writeHead(404, { 'X-WP-Total': '0' }).end('{"code":"no"}');
  expect(await get('/a')).toMatchObject({
    kind: 'answered',
    answer: { status: 404, headers: { 'x-wp-total': '0' }, body: '{"code":"no"}' },
  });
});

it('asks no private host unless it may, and sends nothing', async () => {
  answer = (_, response) => response.end();
  expect(await get('/a', { allowPrivateHosts: false })).toMatchObject({ kind: 'not-answered', cause: 'private-address' });
  const named = client({ allowPrivateHosts: false });
  const { port } = new URL(origin);
  expect(await named.send({ url: `http://localhost:${port}/a`, headers: {} })).toMatchObject({ cause: 'private-address' });
  expect(asked).toEqual([]);
});

it('follows a redirect on the same host', async () => {
  answer = (request, response) => (request.url === '/a' ? redirectTo('/a/')(request, response) : response.end('here'));
  expect(await get('/a')).toMatchObject({ kind: 'answered', answer: { status: 200, body: 'here' } });
  expect(asked).toEqual(['/a Basic keys', '/a/ Basic keys']);
});

it('takes keys to no other host, port or scheme', async () => {
  for (const location of ['http://shop.example/a', origin.replace('http:', 'https:'), 'http://127.0.0.1:1/a']) {
    answer = redirectTo(location);
    expect(await get('/a')).toMatchObject({ kind: 'not-answered', cause: 'redirected-elsewhere' });
  }
});

it('sends a body, and follows no redirect with it', async () => {
  const bodies: string[] = [];
  answer = (request, response) => {
    request.setEncoding('utf8').on('data', (chunk: string) => bodies.push(`${request.method ?? ''} ${chunk}`));
    request.once('end', () => response.writeHead(201).end('{}'));
  };
  const made = { method: 'POST', url: `${origin}/a`, headers: { 'content-type': 'application/json' }, body: '{"name":"x"}' } as const;
  expect(await client().send(made)).toMatchObject({ kind: 'answered', answer: { status: 201 } });
  expect(bodies).toEqual(['POST {"name":"x"}']);
  answer = redirectTo('/a/');
  expect(await client().send(made)).toMatchObject({ kind: 'not-answered', cause: 'redirected-elsewhere' });
  expect(asked).toHaveLength(2);
});

it('does not run in circles', async () => {
  answer = redirectTo('/a');
  expect(await get('/a')).toMatchObject({ kind: 'not-answered', cause: 'redirected-elsewhere' });
  expect(asked).toHaveLength(4);
});

it('reads no more than it may', async () => {
  answer = (_, response) => response.end('x'.repeat(1_001));
  expect(await get('/a')).toMatchObject({ kind: 'not-answered', cause: 'too-large' });
});

it('gives up on a shop that does not answer, and on one that stops in the middle', async () => {
  answer = () => undefined;
  expect(await get('/a', { timeoutMs: 100 })).toMatchObject({ kind: 'not-answered', cause: 'timeout' });
  answer = (_, response) => response.writeHead(200, { 'content-length': '9' }).write('x');
  expect(await get('/b', { timeoutMs: 100 })).toMatchObject({ kind: 'not-answered', cause: 'timeout' });
});

it('says when nobody is there', async () => {
  expect(await client().send({ url: 'http://127.0.0.1:1/', headers: {} })).toMatchObject({ kind: 'not-answered', cause: 'unreachable' });
});
