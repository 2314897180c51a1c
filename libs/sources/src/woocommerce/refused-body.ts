import type { ReasonCode } from '@tributary/domain';

/** A body that cannot be used. */
export interface RefusedBody {
  readonly kind: 'refused';
  readonly reason: ReasonCode;
  /** What is wrong and where (`line_items[3].total is not a decimal number`): never a value of the body. */
  readonly detail: string;
  readonly orderId: string | null;
}

export const refused = (reason: ReasonCode, detail: string, orderId: string | null = null): RefusedBody => ({
  kind: 'refused',
  reason,
  detail,
  orderId,
});
