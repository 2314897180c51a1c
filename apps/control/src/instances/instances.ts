import { ELEMENT, type InstanceProblem, type InstanceRequest } from '@tributary/config';
import { asConnectionId, writeSecretValues, type TenantId } from '@tributary/domain';
import { woocommerceSource } from '@tributary/sources';
import type { InstancesStore, SettingsAnswer, SettingsChange, StoredInstance, TenantBody } from '@tributary/stream';
import type { Vault } from '@tributary/vault';

export interface InstancesPorts {
  readonly store: InstancesStore;
  readonly change: Pick<SettingsChange, 'edit'>;
  readonly vault: Pick<Vault, 'putSecrets'>;
}

/** An instance in the shape that Cloud Elements answers. */
export interface InstanceView {
  readonly id: number;
  readonly name: string;
  readonly createdDate: string;
  /** Only in the answer to `POST`. */
  readonly token?: string;
  readonly element: typeof ELEMENT;
  readonly valid: boolean;
  readonly disabled: boolean;
  readonly eventsEnabled: boolean;
  readonly tags: readonly string[];
  readonly configuration: Readonly<Record<string, unknown>>;
  /** Ours: the connection that it is, for the control API. */
  readonly connection: string;
}

export type InstanceAnswer =
  { readonly kind: 'done'; readonly instance: InstanceView } | { readonly kind: 'refused'; readonly problems: readonly InstanceProblem[] };

const OWN = /^instance-\d+$/;
const connectionOf = (id: number): string => `instance-${id}`;
/** In the vault beside the connection's own secrets, which its settings replace as a whole. */
const callbackSecretsOf = (id: number): ReturnType<typeof asConnectionId> => asConnectionId(`instance-${id}-callback`);

/** How the fields of a connection are called in an instance's body. */
const NAMES: Readonly<Record<string, string>> = {
  storeUrl: 'configuration.store.url',
  consumerKey: 'configuration.oauth.api.key',
  consumerSecret: 'configuration.oauth.api.secret',
  'polling.refreshIntervalSeconds': 'configuration.event.poller.refresh_interval',
};

const isShop = ({ kind, storeUrl }: TenantBody['connections'][number], url: string): boolean =>
  kind === woocommerceSource.kind && storeUrl === url;

/** One thing that control's own rules say, by the name that the caller knows. */
function translated({ path, message }: InstanceProblem): InstanceProblem {
  const field = path.replace(/^connections\[\d+\]\.?/, '');
  if (field.startsWith('polling.resources'))
    return { path: 'configuration.event.poller.configuration', message: `a custom resource ${message}` };
  return { path: NAMES[field] ?? field, message };
}

/** What `POST /instances`, `GET` and `DELETE /instances/{id}` do: control's own change of settings, and a row that says how it is called. */
export class Instances {
  constructor(private readonly ports: InstancesPorts) {}

  /**
   * Makes an instance and its woocommerce connection. The same shop again, also one that was connected in another way, is the same
   * connection: two of one shop would count every order twice.
   */
  async create(tenantId: TenantId, { connection, ...request }: InstanceRequest): Promise<InstanceAnswer> {
    const { store, change } = this.ports;
    const { id: freshId, token } = await store.begin();
    let connectionId = connectionOf(freshId);
    const answer: SettingsAnswer = await change.edit(tenantId, (body) => {
      const known = body.connections.find((one) => isShop(one, connection.storeUrl));
      connectionId = known?.id ?? connectionId;
      const polling = { ...(known?.['polling'] as object | undefined), ...connection.polling, enabled: true };
      const wanted = { ...known, ...connection, polling, id: connectionId, kind: woocommerceSource.kind };
      return { ...body, connections: [...body.connections.filter(({ id }) => id !== connectionId), wanted] };
    });
    if (answer.kind === 'refused') return { kind: 'refused', problems: answer.problems.map(translated) };
    const before = await store.ofConnection(tenantId, connectionId);
    const id = before?.id ?? freshId;
    const secretsVersion = await this.sealed(tenantId, id, before?.secretsVersion ?? 0, request.signatureKey);
    const { name, tags, configuration } = request;
    await store.keep({ id, tenantId, connectionId, name, tags, configuration, secretsVersion, token });
    const kept = await store.find(tenantId, id);
    if (kept === undefined) throw new Error(`instance ${id} was not kept`);
    return { kind: 'done', instance: { ...viewOf(kept), token } };
  }

  /** Undefined when the tenant has no such instance. */
  async find(tenantId: TenantId, id: number): Promise<InstanceView | undefined> {
    const found = await this.ports.store.find(tenantId, id);
    return found && viewOf(found);
  }

  /** Forgets the instance; the connection that was made for it is disabled, with its data kept. False: there is no such instance. */
  async remove(tenantId: TenantId, id: number): Promise<boolean> {
    const { store, change } = this.ports;
    const found = await store.find(tenantId, id);
    if (found === undefined) return false;
    if (OWN.test(found.connectionId)) {
      const answer = await change.edit(tenantId, (body) => ({
        ...body,
        connections: body.connections.filter((one) => one.id !== found.connectionId),
      }));
      if (answer.kind === 'refused') throw new Error(`the connection of instance ${id} could not be disabled`);
    }
    await store.delete(tenantId, id);
    return true;
  }

  /** Answers the version of the signature key; 0: there is none. */
  private async sealed(tenantId: TenantId, id: number, version: number, signatureKey: string | null): Promise<number> {
    if (signatureKey === null) return 0;
    await this.ports.vault.putSecrets(tenantId, callbackSecretsOf(id), version + 1, writeSecretValues({ signatureKey }));
    return version + 1;
  }
}

function viewOf({ id, name, tags, createdAt, configuration, connectionId }: StoredInstance): InstanceView {
  const { eventsEnabled, vendorType, callbackUrl, refreshMinutes, timeZone, resources } = configuration;
  return {
    id,
    name,
    createdDate: createdAt.toISOString(),
    element: ELEMENT,
    valid: true,
    disabled: false,
    eventsEnabled,
    tags,
    configuration: {
      'event.notification.enabled': eventsEnabled,
      'event.vendor.type': vendorType,
      ...(callbackUrl === null ? {} : { 'event.notification.callback.url': callbackUrl }),
      'event.poller.refresh_interval': refreshMinutes,
      'event.poller.timezone': timeZone,
      'event.poller.configuration': resources,
    },
    connection: connectionId,
  };
}
