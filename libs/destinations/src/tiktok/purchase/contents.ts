import { atLeastZero, canonicalDecimal, unitPriceOf, type DecimalText, type OrderLine, type PlannedLine } from '@tributary/domain';
import type { TiktokSettings } from '../tiktok.schema.js';
import { exchangedFinely, type Exchange } from './amounts.js';

type ContentSettings = Pick<TiktokSettings['purchase'], 'contentId' | 'contentIdPrefix'>;

/** Which of a line's ids names it, the next one where it is missing. */
const IDS: Readonly<Record<ContentSettings['contentId'], (line: OrderLine) => readonly string[]>> = {
  sku: (line) => [line.sku, line.variationId, line.productId],
  'variation-id': (line) => [line.variationId, line.productId, line.sku],
  'product-id': (line) => [line.productId, line.variationId, line.sku],
};

/** As the settings choose, with their prefix; a deleted product has no id left, so its line stands for it (and matches nothing). */
function contentIdOf(line: OrderLine, { contentId, contentIdPrefix }: ContentSettings): string {
  const id = IDS[contentId](line)
    .map((candidate) => candidate.trim())
    .find((candidate) => candidate !== '' && candidate !== '0');
  return id === undefined ? `line-${line.lineId}` : `${contentIdPrefix}${id}`;
}

/** The lines as contents; those with nothing of a product (quantity zero or less) are left out. */
export const contentsOf = (lines: readonly OrderLine[], exchange: Exchange | null, settings: ContentSettings): readonly PlannedLine[] =>
  lines.flatMap((line): PlannedLine[] => {
    const price = unitPriceOf(exchangedFinely(line.total, exchange), line.quantity);
    if (price === null) return [];
    const { lineId, name } = line;
    return [{ lineId, contentId: contentIdOf(line, settings), name, ...price, unitPrice: atLeastZero(price.unitPrice) }];
  });

/** An order without any line (a fee, a donation) as one content of its own, because TikTok requires contents for a Purchase. */
export const wholeOrderAsContent = (orderId: string, value: DecimalText): PlannedLine => ({
  lineId: '',
  contentId: `order-${orderId}`,
  name: '',
  unitPrice: canonicalDecimal(value),
  quantity: 1,
});

/** `product_group` where the ids are those of products that come in variations, so that they name the parent. */
export const contentTypeOf = (lines: readonly OrderLine[], { contentId }: ContentSettings): 'product' | 'product_group' =>
  contentId === 'product-id' && lines.some(({ variationId }) => variationId !== '0' && variationId !== '') ? 'product_group' : 'product';
