import type { Ground } from './ground.ts';
import type { Address, BillingAddress } from './order-records.ts';

const NO_ADDRESS: Address = {
  first_name: '',
  last_name: '',
  company: '',
  address_1: '',
  address_2: '',
  city: '',
  state: '',
  postcode: '',
  country: '',
  phone: '',
};

export const addressOf = (given: Partial<Address> = {}): Address => ({ ...NO_ADDRESS, ...given });
export const billingOf = (given: Partial<BillingAddress> = {}): BillingAddress => ({ ...NO_ADDRESS, email: '', ...given });

export interface CustomerRecord {
  readonly id: number;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  /** `customer`, `subscriber`, `shop_manager`, `administrator`… */
  readonly role: string;
  readonly username: string;
  readonly billing: BillingAddress;
  readonly shipping: Address;
  readonly isPaying: boolean;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

export interface CustomerInput {
  readonly email?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly role?: string;
  readonly username?: string;
  readonly billing?: Partial<BillingAddress>;
  readonly shipping?: Partial<Address>;
}

export type KeyPermissions = 'read' | 'write' | 'read_write';

export interface ApiKey {
  readonly id: number;
  readonly userId: number;
  readonly consumerKey: string;
  readonly consumerSecret: string;
  readonly permissions: KeyPermissions;
  /** OAuth nonces that were used, by timestamp: two in one second overwrite each other, as in WooCommerce. */
  readonly nonces: Map<number, string>;
}

/** Users by id, keys by consumer key. */
export interface PeopleRecords {
  readonly users: ReadonlyMap<number, CustomerRecord>;
  readonly keys: ReadonlyMap<string, ApiKey>;
}

const MANAGERS: ReadonlySet<string> = new Set(['administrator', 'shop_manager']);
const HEX = '0123456789abcdef';

/** Users of the shop, of whom customers are one kind, and the API keys that act for them. */
export class People {
  readonly #ground: Ground;
  #users = new Map<number, CustomerRecord>();
  #keys = new Map<string, ApiKey>();

  constructor(ground: Ground) {
    this.#ground = ground;
    this.#create({ email: 'owner@shop.example', role: 'administrator', username: 'owner' });
  }

  /** A customer, or a user of any other role. */
  add(input: CustomerInput = {}): CustomerRecord {
    const user = this.#create(input);
    this.#ground.fire('customer.created', user.id);
    return user;
  }

  update(id: number, change: CustomerInput): void {
    const { billing, shipping, ...rest } = change;
    const user = this.get(id);
    const now = this.#ground.clock.nowSeconds();
    this.#users.set(id, {
      ...user,
      ...rest,
      billing: { ...user.billing, ...billing },
      shipping: { ...user.shipping, ...shipping },
      modifiedAt: now,
    });
    this.#ground.fire('customer.updated', id);
  }

  markPaying(id: number): void {
    const user = this.#users.get(id);
    if (user === undefined) return;
    this.#users.set(id, { ...user, isPaying: true, modifiedAt: this.#ground.clock.nowSeconds() });
    this.#ground.fire('customer.updated', id);
  }

  /** Announced only for users whose role is exactly customer. */
  delete(id: number): void {
    if (this.get(id).role === 'customer') this.#ground.fire('customer.deleted', id);
    this.#users.delete(id);
  }

  find(id: number): CustomerRecord | undefined {
    return this.#users.get(id);
  }

  get(id: number): CustomerRecord {
    const user = this.find(id);
    if (user === undefined) throw new Error(`this shop has no user ${id}`);
    return user;
  }

  all(): readonly CustomerRecord[] {
    return [...this.#users.values()];
  }

  /** What WordPress answers a user who may not: nothing, 401 to nobody in particular, 403 to somebody it knows. */
  refusalStatus(userId: number): 401 | 403 | null {
    const user = this.#users.get(userId);
    if (user === undefined) return 401;
    return MANAGERS.has(user.role) ? null : 403;
  }

  /** Acts for the owner unless told otherwise. */
  addKey(permissions: KeyPermissions, userId = 1): ApiKey {
    const key: ApiKey = {
      id: this.#ground.nextId('key'),
      userId,
      consumerKey: `ck_${this.#ground.chance.text(40, HEX)}`,
      consumerSecret: `cs_${this.#ground.chance.text(40, HEX)}`,
      permissions,
      nonces: new Map(),
    };
    this.#keys.set(key.consumerKey, key);
    return key;
  }

  /** A key as it is known elsewhere, for a demo with fixed credentials. */
  importKey(consumerKey: string, consumerSecret: string, permissions: KeyPermissions): ApiKey {
    const key: ApiKey = { id: this.#ground.nextId('key'), userId: 1, consumerKey, consumerSecret, permissions, nonces: new Map() };
    this.#keys.set(consumerKey, key);
    return key;
  }

  revokeKey(consumerKey: string): void {
    this.#keys.delete(consumerKey);
  }

  findKey(consumerKey: string): ApiKey | undefined {
    return this.#keys.get(consumerKey);
  }

  snapshot(): PeopleRecords {
    return { users: new Map(this.#users), keys: new Map(this.#keys) };
  }

  restore({ users, keys }: PeopleRecords): void {
    this.#users = new Map(users);
    this.#keys = new Map(keys);
  }

  #create({ billing, shipping, ...input }: CustomerInput): CustomerRecord {
    const now = this.#ground.clock.nowSeconds();
    const id = this.#ground.nextId('user');
    const user: CustomerRecord = {
      id,
      email: `customer${id}@example.com`,
      firstName: '',
      lastName: '',
      role: 'customer',
      username: `customer${id}`,
      ...input,
      billing: billingOf(billing),
      shipping: addressOf(shipping),
      isPaying: false,
      createdAt: now,
      modifiedAt: now,
    };
    this.#users.set(id, user);
    return user;
  }
}
