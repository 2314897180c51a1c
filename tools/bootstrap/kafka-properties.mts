export type Properties = Readonly<Record<string, string>>;

export interface KafkaPlacement {
  /** The port for clients, the same inside and outside: the broker also talks to itself through it. */
  readonly port: number;
  readonly controllerPort: number;
  /** Where the client listener binds; 127.0.0.1 is advertised in any case. */
  readonly host: string;
  readonly dataFolder: string;
}

/** Broker properties for one local node that is its own controller. */
export function kafkaProperties({ port, controllerPort, host, dataFolder }: KafkaPlacement): Properties {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://${host}:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': dataFolder,
    'auto.create.topics.enable': 'false',
    'default.replication.factor': '1',
    'min.insync.replicas': '1',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '3',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    'log.cleaner.dedupe.buffer.size': '16777216',
    // Without these two a killed broker needs 12 s instead of 4 s to come back.
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '300',
  };
}

/** The text of a server.properties. */
export function renderProperties(properties: Properties): string {
  const escape = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return `${Object.entries(properties)
    .map(([key, value]) => `${key}=${escape(value)}`)
    .join('\n')}\n`;
}

/** The variables from which the official image makes the same properties. */
export function propertiesAsEnvironment(properties: Properties): Record<string, string> {
  const name = (key: string) => `KAFKA_${key.replaceAll('_', '__').replaceAll('-', '___').replaceAll('.', '_').toUpperCase()}`;
  return Object.fromEntries(Object.entries(properties).map(([key, value]) => [name(key), value]));
}
