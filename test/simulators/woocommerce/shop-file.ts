import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import type { ShopRecords, WoocommerceShop } from './woocommerce-shop.ts';

/** Keeps a shop's database in a file, whole: for a shop of some hundred orders that outlives its process. */
export class ShopFile {
  readonly #path: string;
  readonly #shop: WoocommerceShop;

  /** Puts back what the file has. */
  constructor(path: string, shop: WoocommerceShop) {
    this.#path = path;
    this.#shop = shop;
    if (existsSync(path)) shop.restore(deserialize(readFileSync(path)) as ShopRecords);
  }

  /** To be called after every change and before anybody is told of it. */
  keep(): void {
    writeFileSync(`${this.#path}.new`, serialize(this.#shop.snapshot()), { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
  }
}
