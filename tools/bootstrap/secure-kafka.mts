import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BootstrapError } from './bootstrap-error.mts';
import { openRun, type Run } from './children.mts';
import type { Properties } from './kafka-properties.mts';
import { newPassword } from './kept-text.mts';
import { kafkaLibraries } from './processes/artifacts.mts';
import { requireJava } from './processes/backend.mts';
import { javaTool, type Java } from './processes/java.mts';
import { startKafka } from './processes/kafka.mts';
import type { OnProgress } from './progress.mts';

export interface SecureKafkaOptions {
  /** Holds the downloads; the broker's data is thrown away. */
  readonly home: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly onProgress?: OnProgress;
}

export interface SecureKafka {
  /** `host:port`. */
  readonly brokers: string;
  /** The certificate authority that signed the broker's certificate. */
  readonly caPem: string;
  /** For SASL/PLAIN. */
  readonly username: string;
  readonly password: string;
  stop(): Promise<void>;
}

const username = 'tributary';

/** Starts a throw-away Kafka whose only client listener speaks SASL/PLAIN over TLS, always as a process. */
export async function startSecureKafka(options: SecureKafkaOptions): Promise<SecureKafka> {
  const env = options.env ?? process.env;
  const home = resolve(options.home);
  const java = requireJava(env);
  const run = await openRun({ home, kind: 'secure-kafka', isExclusive: false });
  const stop = async () => {
    await run.stopChildren(8_000);
    run.close();
  };
  try {
    const libraries = await kafkaLibraries({
      downloads: join(home, 'downloads'),
      run,
      env,
      onProgress: options.onProgress ?? (() => undefined),
    });
    const password = newPassword();
    const stores = createStores(run, java);
    const service = await startKafka({
      run,
      java,
      libraries,
      dataFolder: join(run.folder, 'kafka'),
      logFile: join(run.folder, 'kafka.log'),
      port: 0,
      adaptProperties: (usual) => ({ ...usual, ...secureProperties(usual, stores, password) }),
      access: { ssl: { ca: [stores.caPem] }, sasl: { mechanism: 'plain', username, password } },
    });
    return { brokers: `127.0.0.1:${service.port}`, caPem: stores.caPem, username, password, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Stores {
  readonly keystore: string;
  readonly truststore: string;
  readonly storePassword: string;
  readonly caPem: string;
}

/** The broker speaks to itself through the same listener, hence its own user and its truststore. */
function secureProperties(usual: Properties, stores: Stores, password: string): Properties {
  const toSecure = (value = '') => value.replace('PLAINTEXT://', 'SASL_SSL://');
  const brokerPassword = newPassword();
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
  const users = `user_broker="${brokerPassword}" user_${username}="${password}"`;
  return {
    listeners: toSecure(usual['listeners']),
    'advertised.listeners': toSecure(usual['advertised.listeners']),
    'listener.security.protocol.map': 'SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'SASL_SSL',
    'sasl.enabled.mechanisms': 'PLAIN',
    'sasl.mechanism.inter.broker.protocol': 'PLAIN',
    'listener.name.sasl_ssl.plain.sasl.jaas.config': `${login} username="broker" password="${brokerPassword}" ${users};`,
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.location': stores.keystore,
    'ssl.keystore.password': stores.storePassword,
    'ssl.truststore.type': 'PKCS12',
    'ssl.truststore.location': stores.truststore,
    'ssl.truststore.password': stores.storePassword,
  };
}

/** A certificate authority of its own and a server certificate for 127.0.0.1 and localhost, made by the JDK's keytool. */
function createStores(run: Run, java: Java): Stores {
  const storePassword = newPassword();
  const file = (name: string) => join(run.folder, name);
  const [authority, keystore, truststore] = [file('authority.p12'), file('broker.p12'), file('trusted.p12')];
  const keytool = (...args: string[]) => runKeytool(java, [...args, '-storepass', storePassword]);
  const key = ['-genkeypair', '-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', '30', '-storetype', 'PKCS12'];

  keytool(
    ...key,
    '-keystore',
    authority,
    '-alias',
    'authority',
    '-dname',
    'CN=Tributary test authority',
    '-ext',
    'bc:c=ca:true',
    '-ext',
    'ku:c=keyCertSign',
  );
  keytool(...key, '-keystore', keystore, '-alias', 'broker', '-dname', 'CN=localhost');
  const caPem = keytool('-exportcert', '-rfc', '-keystore', authority, '-alias', 'authority');
  const request = keytool('-certreq', '-keystore', keystore, '-alias', 'broker');
  writeFileSync(file('request.pem'), request);
  const names = 'san=ip:127.0.0.1,dns:localhost';
  const certificate = keytool(
    '-gencert',
    '-rfc',
    '-keystore',
    authority,
    '-alias',
    'authority',
    '-infile',
    file('request.pem'),
    '-ext',
    names,
    '-validity',
    '30',
  );
  writeFileSync(file('ca.pem'), caPem);
  writeFileSync(file('chain.pem'), certificate + caPem);
  keytool('-importcert', '-noprompt', '-keystore', keystore, '-alias', 'authority', '-file', file('ca.pem'));
  keytool('-importcert', '-noprompt', '-keystore', keystore, '-alias', 'broker', '-file', file('chain.pem'));
  keytool('-importcert', '-noprompt', '-storetype', 'PKCS12', '-keystore', truststore, '-alias', 'authority', '-file', file('ca.pem'));
  return { keystore, truststore, storePassword, caPem: readFileSync(file('ca.pem'), 'utf8') };
}

function runKeytool(java: Java, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(javaTool(java, 'keytool'), args, { encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new BootstrapError(
    `keytool ${args[0]} failed: ${error?.message ?? (stdout + stderr).trim()}. It comes with Java; is this Java complete?`,
  );
}
