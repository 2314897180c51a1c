import { readOrderJson } from '@tributary/sources';
import type { WoocommerceShop } from '../simulators/woocommerce/woocommerce-shop.ts';
import type { Stack } from './stack.js';

interface HeadRow {
  readonly order_id: string;
  readonly status: string;
  readonly content_hash: string;
  readonly modified_at: number;
  readonly is_vanished: boolean;
}

/** Every order of which the heads say something else than the shop itself, in words. */
export async function headDifferences(
  stack: Stack,
  { tenantId, id: connectionId }: { readonly tenantId: string; readonly id: string },
  shop: WoocommerceShop,
): Promise<string[]> {
  const rows = await stack.sql.query<HeadRow>('', 'select * from orders.heads where tenant_id = $1 and connection_id = $2', [
    tenantId,
    connectionId,
  ]);
  const heads = new Map(rows.map((row) => [row.order_id, row]));
  const found: string[] = [];
  for (const { id } of shop.orders.all()) {
    const own = readOrderJson(shop.orderJson(id), { readAt: null, defaultCountry: null });
    if (own.kind !== 'order') throw new Error(`the shop's own order ${id} cannot be read`);
    const head = heads.get(String(id));
    heads.delete(String(id));
    const isSame = head?.status === own.content.status && head.content_hash === own.contentHash && head.modified_at === own.modifiedAt;
    if (!isSame) found.push(`${id}: ${own.content.status} in the shop, ${head?.status ?? 'unknown'} here`);
  }
  return [...found, ...[...heads.values()].filter(({ is_vanished: isVanished }) => !isVanished).map(({ order_id: id }) => `${id}: gone`)];
}
