// The machine's own limit of HTTP: Fastify that reads the body and answers 200. Prints its port; ends by SIGTERM.
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';

const server = fastify({ bodyLimit: 10 * 1024 * 1024 });
server.removeAllContentTypeParsers();
server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
server.post('/v1/sources/woocommerce/:token', async () => 'ok');
await server.listen({ port: 0, host: '127.0.0.1' });
process.stdout.write(`${(server.server.address() as AddressInfo).port}\n`);
