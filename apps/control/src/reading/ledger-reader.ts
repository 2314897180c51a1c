import { schemaIdOf, type DeliveryRecords } from '@tributary/codecs';
import { ConnectionDirectory, LedgerStore, OrdersStore, type StoredOrder, type WithSources } from '@tributary/delivery';
import type { RegisteredDestination } from '@tributary/destinations';
import {
  whyUndecided,
  type Destination,
  type DestinationDeclaration,
  type LedgerEntry,
  type TenantId,
  type Undecided,
} from '@tributary/domain';
import { connectionsOf, learnSchema, ledgerKeysOfOrder } from '@tributary/stream';
import type { ReadingPorts } from './reading.ports.js';

/** The order of an address. */
export interface OrderName {
  readonly tenantId: TenantId;
  readonly connectionId: string;
  readonly orderId: string;
}

/** Where one kind of destination keeps what it decided. */
export interface LedgerPlace {
  readonly app: string;
  readonly deliveryTopic: string;
  readonly records: DeliveryRecords;
}

export interface DestinationConnection {
  readonly connectionId: string;
  readonly state: string;
}

/** One kind of destination, read only: its ledger, its fold of the orders, its settings. */
export interface LedgerReader {
  readonly kind: string;
  readonly place: LedgerPlace;
  readonly declaration: DestinationDeclaration;
  find(key: string): Promise<LedgerEntry | undefined>;
  /** Everything decided about an order, oldest first. */
  entriesOf(order: OrderName): Promise<readonly LedgerEntry[]>;
  order(order: OrderName): Promise<StoredOrder | undefined>;
  connections(tenantId: TenantId): Promise<readonly DestinationConnection[]>;
  /** Why this connection has nothing in its ledger about an order. */
  undecided(connection: DestinationConnection, order: StoredOrder | undefined, name: OrderName): Undecided;
}

class DestinationLedger<Settings extends WithSources, Secrets> implements LedgerReader {
  private readonly ledger: LedgerStore;
  private readonly orders: OrdersStore;
  private readonly directory: ConnectionDirectory<Settings>;
  private readonly destination: Destination<Settings, Secrets>;

  constructor(
    private readonly ports: ReadingPorts,
    readonly place: LedgerPlace,
    { destination, settingsSchema }: RegisteredDestination<Settings, Secrets>,
  ) {
    const { sql, book, registry } = ports;
    this.destination = destination;
    this.ledger = new LedgerStore(sql, place.app, book, place.records);
    this.orders = new OrdersStore(sql, place.app, book, (framed) => learnSchema(registry, book, schemaIdOf(framed)));
    this.directory = new ConnectionDirectory(sql, place.app, destination.kind, settingsSchema);
  }

  get kind(): string {
    return this.destination.kind;
  }

  get declaration(): DestinationDeclaration {
    return this.destination.declaration;
  }

  async find(key: string): Promise<LedgerEntry | undefined> {
    const [entry] = await this.ledger.find([key]);
    return entry;
  }

  async entriesOf(order: OrderName): Promise<readonly LedgerEntry[]> {
    const keys = await ledgerKeysOfOrder(this.ports.sql, this.place.app, order);
    const entries = keys.length === 0 ? [] : await this.ledger.find(keys);
    return entries.toSorted((a, b) => a.plannedAt - b.plannedAt);
  }

  async order(order: OrderName): Promise<StoredOrder | undefined> {
    const [stored] = await this.orders.find([order]);
    return stored;
  }

  async connections(tenantId: TenantId): Promise<readonly DestinationConnection[]> {
    await this.directory.refresh();
    const connections = await connectionsOf(this.ports.sql, this.place.app, tenantId);
    return connections.filter(({ kind }) => kind === this.kind);
  }

  undecided(
    { connectionId, state }: DestinationConnection,
    order: StoredOrder | undefined,
    { tenantId, connectionId: sourceId }: OrderName,
  ): Undecided {
    const destination = this.directory.destination(tenantId, connectionId);
    const tenant = this.directory.tenant(tenantId);
    const source = this.directory.source(tenantId, sourceId);
    const canDecide = order !== undefined && destination !== undefined && tenant !== undefined && source !== undefined;
    return whyUndecided({
      connectionState: state,
      sources: destination?.settings.sources ?? null,
      settings: destination?.settings,
      order: order?.state ?? null,
      wouldDecide: canDecide && this.destination.plan(order.state, tenant, source, destination, Date.now(), []).length > 0,
    });
  }
}

export const ledgerReader = <Settings extends WithSources, Secrets>(
  ports: ReadingPorts,
  place: LedgerPlace,
  registered: RegisteredDestination<Settings, Secrets>,
): LedgerReader => new DestinationLedger(ports, place, registered);
