import { Agent } from 'node:https';
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import type { RegistryConnection } from './kafka.settings.js';

/** The registry cannot be reached: pause and ask again. */
export class RegistryUnavailable extends Error {
  override readonly name = 'RegistryUnavailable';
}

/** The registry answered that it does not have this. */
export class NotRegistered extends Error {
  override readonly name = 'NotRegistered';
}

/** The registry holds an older version that could not read or be read by this one. */
export class IncompatibleSchema extends Error {
  override readonly name = 'IncompatibleSchema';
}

const statusOf = (error: unknown): number | undefined => {
  const status = (error as { status?: unknown }).status;
  return typeof status === 'number' ? status : undefined;
};

/** What a person may look at. The client gives a failed connection status 400 and the socket's own words. */
function whyNot(error: unknown, status: number | undefined): string {
  if (status === 401 || status === 403)
    return ` (HTTP ${status}): are SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD those of a user who may do this?`;
  if (error instanceof Error && /certificate|\bSSL\b|\bTLS\b/i.test(error.message))
    return ': its certificate is not accepted; is SCHEMA_REGISTRY_CA_FILE the authority that signed it, and the host of SCHEMA_REGISTRY_URL a name that stands in it?';
  return status === undefined || status === 400 ? '' : ` (HTTP ${status})`;
}

/** Schema ids and texts; apps only look up, the deploy step registers. */
export class Registry {
  private readonly client: SchemaRegistry;

  constructor(connection: RegistryConnection) {
    this.client = new SchemaRegistry({
      host: connection.url,
      retry: { retries: 3, initialRetryTimeInSecs: 0.1, maxRetryTimeInSecs: 2 },
      ...(connection.auth === null ? {} : { auth: connection.auth }),
      ...(connection.caPem === undefined ? {} : { agent: new Agent({ ca: connection.caPem, keepAlive: true }) }),
    });
  }

  /** Registers under FULL_TRANSITIVE, set explicitly (the registry's own default may be none); answers the id, the same one for the same schema. */
  async register(subject: string, schema: string): Promise<number> {
    try {
      const { id } = await this.client.register(
        { type: SchemaType.AVRO, schema },
        { subject, compatibility: COMPATIBILITY.FULL_TRANSITIVE },
      );
      return id;
    } catch (error) {
      if (statusOf(error) === 409)
        throw new IncompatibleSchema(`${subject}: an earlier version and this one cannot read each other`, { cause: error });
      throw this.translate(error, subject);
    }
  }

  /** JSON text of the newest schema of a subject; undefined when it has none. */
  async latestOf(subject: string): Promise<string | undefined> {
    try {
      return await this.schemaOf(await this.client.getLatestSchemaId(subject));
    } catch (error) {
      const translated = error instanceof NotRegistered || error instanceof RegistryUnavailable ? error : this.translate(error, subject);
      if (translated instanceof NotRegistered) return undefined;
      throw translated;
    }
  }

  /** Id under which exactly this schema is registered; throws {@link NotRegistered}. */
  async idOf(subject: string, schema: string): Promise<number> {
    try {
      return await this.client.getRegistryIdBySchema(subject, { type: SchemaType.AVRO, schema });
    } catch (error) {
      throw this.translate(error, subject);
    }
  }

  /** JSON text of the schema behind an id; throws {@link NotRegistered}. */
  async schemaOf(id: number): Promise<string> {
    try {
      return JSON.stringify(await this.client.getSchema(id));
    } catch (error) {
      throw this.translate(error, `id ${id}`);
    }
  }

  private translate(error: unknown, what: string): Error {
    const status = statusOf(error);
    if (status === 404 || (error instanceof Error && /not found|no (schema|artifact)/i.test(error.message))) {
      return new NotRegistered(`${what} is not in the schema registry: run «tributary schemas register»`, { cause: error });
    }
    return new RegistryUnavailable(`the schema registry did not answer for ${what}${whyNot(error, status)}`, { cause: error });
  }
}
