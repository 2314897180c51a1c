import type { Ground } from './ground.ts';

export interface ProductRecord {
  readonly id: number;
  /** 0: a product of its own; else the variable product that this is a variation of. */
  readonly parentId: number;
  readonly type: 'simple' | 'variable' | 'variation';
  readonly status: 'publish' | 'trash';
  readonly name: string;
  readonly sku: string;
  readonly price: number;
  /** In the shop's unit, as typed; empty when unset: a variation then has its parent's. */
  readonly weight: string;
  /** Null: stock is not managed. */
  readonly stock: number | null;
  readonly isVirtual: boolean;
  readonly isDownloadable: boolean;
  readonly attributes: readonly { readonly name: string; readonly option: string }[];
  readonly createdAt: number;
  readonly modifiedAt: number;
}

export type ProductInput = Partial<
  Pick<ProductRecord, 'name' | 'sku' | 'price' | 'weight' | 'stock' | 'isVirtual' | 'isDownloadable' | 'attributes'>
>;

const PLAIN = {
  name: 'Mug',
  sku: '',
  price: 1_000,
  weight: '',
  stock: null,
  isVirtual: false,
  isDownloadable: false,
  attributes: [],
} as const;

export class Catalog {
  readonly #ground: Ground;
  #products = new Map<number, ProductRecord>();
  /** Grows with every change: what was rendered with an older one may name a product that is gone. */
  revision = 0;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  add(input: ProductInput = {}): ProductRecord {
    return this.#create({ ...PLAIN, ...input, parentId: 0, type: 'simple' });
  }

  /** The parent becomes a variable product. */
  addVariation(parentId: number, input: ProductInput = {}): ProductRecord {
    const parent = this.get(parentId);
    this.#put({ ...parent, type: 'variable' });
    const attributes = input.attributes ?? [{ name: 'Size', option: 'M' }];
    const name = `${parent.name} - ${attributes.map(({ option }) => option).join(', ')}`;
    return this.#create({ ...PLAIN, price: parent.price, name, ...input, attributes, parentId, type: 'variation' });
  }

  update(id: number, change: ProductInput): void {
    this.#put({ ...this.get(id), ...change, modifiedAt: this.#ground.clock.nowSeconds() });
    this.#ground.fire('product.updated', id);
  }

  /** What an order takes away is announced, but is no edit of the product. */
  takeFromStock(id: number, quantity: number): boolean {
    const product = this.find(id);
    if (product === undefined || product.stock === null) return false;
    this.#put({ ...product, stock: product.stock - quantity });
    this.#ground.fire('product.updated', id);
    return true;
  }

  trash(id: number): void {
    this.#put({ ...this.get(id), status: 'trash', modifiedAt: this.#ground.clock.nowSeconds() });
    this.#ground.fire('product.deleted', id);
  }

  untrash(id: number): void {
    this.#put({ ...this.get(id), status: 'publish', modifiedAt: this.#ground.clock.nowSeconds() });
    this.#ground.fire('product.restored', id);
  }

  /** Says nothing to anybody. */
  forceDelete(id: number): void {
    this.#products.delete(id);
    this.revision += 1;
  }

  find(id: number): ProductRecord | undefined {
    return this.#products.get(id);
  }

  get(id: number): ProductRecord {
    const product = this.find(id);
    if (product === undefined) throw new Error(`this shop has no product ${id}`);
    return product;
  }

  all(): readonly ProductRecord[] {
    return [...this.#products.values()];
  }

  variationsOf(parentId: number): readonly ProductRecord[] {
    return this.all().filter((product) => product.parentId === parentId);
  }

  snapshot(): ReadonlyMap<number, ProductRecord> {
    return new Map(this.#products);
  }

  restore(products: ReadonlyMap<number, ProductRecord>): void {
    this.#products = new Map(products);
    this.revision += 1;
  }

  #create(product: Omit<ProductRecord, 'id' | 'status' | 'createdAt' | 'modifiedAt'>): ProductRecord {
    const now = this.#ground.clock.nowSeconds();
    const created: ProductRecord = { ...product, id: this.#ground.nextId('post'), status: 'publish', createdAt: now, modifiedAt: now };
    this.#put(created);
    this.#ground.fire('product.created', created.id);
    return created;
  }

  #put(product: ProductRecord): void {
    this.#products.set(product.id, product);
    this.revision += 1;
  }
}
