/**
 * Every version and name of what runs beside our own code locally. Only deploy/docker/stand-ins repeats some of them:
 * the tags of Postgres and Node, and Kafka's Scala version.
 */

/** 4.4.0 is incompletely published on Maven Central: stay on 4.3.x until that changes. */
const kafkaVersion = '4.3.1';
/** 3.3 and newer need Java 21; 3.0 runs on 17. */
const registryVersion = '3.0.9';

export const kafka = {
  version: kafkaVersion,
  scalaVersion: '2.13',
  artifacts: [
    { groupId: 'org.apache.kafka', artifactId: 'kafka_2.13', version: kafkaVersion },
    { groupId: 'org.slf4j', artifactId: 'slf4j-simple', version: '1.7.36' },
  ],
  image: `apache/kafka:${kafkaVersion}`,
} as const;

export const registry = {
  version: registryVersion,
  artifact: `io.apicurio:apicurio-registry-app:${registryVersion}:tar.gz:all`,
  archive: `apicurio-registry-app-${registryVersion}-all.tar.gz`,
  runnerJar: `apicurio-registry-app-${registryVersion}-runner.jar`,
  image: `apicurio/apicurio-registry:${registryVersion}`,
} as const;

export const postgres = {
  majorVersion: '18',
  image: 'postgres:18-bookworm',
} as const;

export const maven = {
  /** The only plugin version that can fetch Apicurio's archive, whose parent POM is not published. */
  dependencyPlugin: 'org.apache.maven.plugins:maven-dependency-plugin:2.8',
  /** Fetched from Maven Central when the machine has no `mvn`. */
  version: '3.9.9',
} as const;

export const minimumJavaVersion = 17;
export const images = [kafka.image, registry.image, postgres.image] as const;
