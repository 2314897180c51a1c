import { Kafka, logLevel, type KafkaConfig } from 'kafkajs';
import { startSecureKafka, type SecureKafka } from '../../tools/bootstrap/secure-kafka.mts';

let secure: SecureKafka;

beforeAll(async () => {
  secure = await startSecureKafka({ home: process.env['TRIBUTARY_HOME'] || '.tributary' });
}, 300_000);

afterAll(() => secure?.stop(), 30_000);

async function listTopics(overrides: Partial<KafkaConfig> & { password?: string }): Promise<string[]> {
  const { password = secure.password, ...config } = overrides;
  const admin = new Kafka({
    brokers: [secure.brokers],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
    connectionTimeout: 3_000,
    ssl: { ca: [secure.caPem] },
    sasl: { mechanism: 'plain', username: secure.username, password },
    ...config,
  }).admin();
  try {
    await admin.connect();
    return await admin.listTopics();
  } finally {
    await admin.disconnect();
  }
}

it('lets the right credentials in', async () => {
  expect(await listTopics({})).toContain('__consumer_offsets');
});

it('refuses a wrong password', async () => {
  await expect(listTopics({ password: 'wrong' })).rejects.toThrow('Invalid username or password');
});

it('is not trusted without its authority', async () => {
  await expect(listTopics({ ssl: true })).rejects.toThrow('self-signed certificate');
});

it('refuses a client that speaks plain text', async () => {
  await expect(listTopics({ ssl: false })).rejects.toThrow(/connection/i);
});
