import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as askPlainly } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from '@tributary/config';
import { Registry, registryConnection, registrySettings, RegistryUnavailable } from '@tributary/kafka';
import { newAuthority, type ServerCertificate } from '../../tools/bootstrap/certificates.mts';

const CREDENTIALS = { SCHEMA_REGISTRY_USERNAME: 'tributary', SCHEMA_REGISTRY_PASSWORD: 'secret of the registry: ñ' };
const SCHEMA = JSON.stringify({ type: 'record', name: 'tributary.test.Probe', fields: [{ name: 'id', type: 'string' }] });

const authority = newAuthority();
const stranger = newAuthority('Somebody else');
const registryUrl = (): URL => new URL(process.env['SCHEMA_REGISTRY_URL'] ?? '');

/**
 * What stands before a registry in production: TLS ends here, and only known credentials pass. Apicurio itself takes basic
 * credentials only together with an OpenID server.
 */
async function gateway({ certificatePem, keyPem }: ServerCertificate): Promise<Server> {
  const expected = `Basic ${Buffer.from(Object.values(CREDENTIALS).join(':')).toString('base64')}`;
  const server = createServer({ cert: certificatePem, key: keyPem }, (incoming, answer) => {
    if (incoming.headers.authorization !== expected) {
      answer.writeHead(401, { 'www-authenticate': 'Basic realm="registry"' }).end();
      return;
    }
    const { hostname, port } = registryUrl();
    const { authorization: _authorization, ...headers } = incoming.headers;
    incoming.pipe(
      askPlainly(
        { hostname, port, method: incoming.method, path: incoming.url, headers: { ...headers, host: registryUrl().host } },
        (from) => {
          answer.writeHead(from.statusCode ?? 502, from.headers);
          from.pipe(answer);
        },
      ),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

let folder: string;
let server: Server;
let misnamed: Server;

const registryOf = (environment: NodeJS.ProcessEnv, to = server): Registry => {
  const { port } = to.address() as AddressInfo;
  const url = `https://127.0.0.1:${port}${registryUrl().pathname}`;
  return new Registry(registryConnection(readSettings(registrySettings, { SCHEMA_REGISTRY_URL: url, ...CREDENTIALS, ...environment })));
};
const withFile = (name: string): NodeJS.ProcessEnv => ({ SCHEMA_REGISTRY_CA_FILE: join(folder, name) });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-registry-ca-'));
  writeFileSync(join(folder, 'ca.pem'), authority.caPem);
  writeFileSync(join(folder, 'stranger.pem'), stranger.caPem);
  server = await gateway(authority.issue('127.0.0.1'));
  misnamed = await gateway(authority.issue('localhost', 'registry.example'));
});
afterAll(async () => {
  for (const each of [server, misnamed]) {
    each.closeAllConnections();
    await new Promise((resolve) => each.close(resolve));
  }
  rmSync(folder, { recursive: true, force: true });
});

describe('a registry behind TLS and basic credentials, from the environment', () => {
  it('registers, finds and reads schemas', async () => {
    const registry = registryOf(withFile('ca.pem'));
    const subject = `secured-${randomUUID()}`;
    const id = await registry.register(subject, SCHEMA);
    expect(await registry.idOf(subject, SCHEMA)).toBe(id);
    expect(JSON.parse(await registry.schemaOf(id))).toEqual(JSON.parse(SCHEMA));
  });

  it.each([
    ['an app that knows another authority', 'stranger.pem', /certificate .*SCHEMA_REGISTRY_CA_FILE/],
    ['an app that knows no authority of its own', undefined, /certificate .*SCHEMA_REGISTRY_CA_FILE/],
  ])('is refused by %s', async (_who, file, message) => {
    const asked = registryOf(file === undefined ? {} : withFile(file)).schemaOf(1);
    await expect(asked).rejects.toThrow(RegistryUnavailable);
    await expect(asked).rejects.toThrow(message);
  });

  it('needs an address with TLS when an authority is given', () => {
    expect(() => registryOf({ ...withFile('ca.pem'), SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1' })).toThrow('must then begin with https:');
  });

  it('is refused when its certificate is for another name', async () => {
    await expect(registryOf(withFile('ca.pem'), misnamed).schemaOf(1)).rejects.toThrow(/certificate/);
  });

  it.each([
    ['a wrong password', { SCHEMA_REGISTRY_PASSWORD: 'wrong' }],
    ['no credentials', { SCHEMA_REGISTRY_USERNAME: undefined, SCHEMA_REGISTRY_PASSWORD: undefined }],
  ])('lets nobody in with %s, and says which settings to look at', async (_what, credentials) => {
    const asked = registryOf({ ...withFile('ca.pem'), ...credentials }).schemaOf(1);
    await expect(asked).rejects.toThrow(RegistryUnavailable);
    await expect(asked).rejects.toThrow(/401.*SCHEMA_REGISTRY_USERNAME/);
  });
});
