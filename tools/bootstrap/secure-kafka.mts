import { join, resolve } from 'node:path';
import { newAuthority, type ServerCertificate } from './certificates.mts';
import { openRun } from './children.mts';
import type { Properties } from './kafka-properties.mts';
import { newPassword } from './kept-text.mts';
import { kafkaLibraries } from './processes/artifacts.mts';
import { requireJava } from './processes/backend.mts';
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
    const authority = newAuthority();
    const { caPem } = authority;
    const certificate = authority.issue('127.0.0.1', 'localhost');
    const service = await startKafka({
      run,
      java,
      libraries,
      dataFolder: join(run.folder, 'kafka'),
      logFile: join(run.folder, 'kafka.log'),
      port: 0,
      adaptProperties: (usual) => ({ ...usual, ...secureProperties(usual, { ...certificate, caPem }, password) }),
      access: { ssl: { ca: [caPem] }, sasl: { mechanism: 'plain', username, password } },
    });
    return { brokers: `127.0.0.1:${service.port}`, caPem, username, password, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The broker speaks to itself through the same listener, hence its own user and its truststore. */
function secureProperties(
  usual: Properties,
  { caPem, certificatePem, keyPem }: ServerCertificate & { readonly caPem: string },
  password: string,
): Properties {
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
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.certificate.chain': certificatePem + caPem,
    'ssl.keystore.key': keyPem,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.certificates': caPem,
  };
}
