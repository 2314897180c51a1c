import type { Ground } from './ground.ts';

export interface CouponRecord {
  readonly id: number;
  readonly code: string;
  readonly status: 'publish' | 'trash';
  readonly discountType: string;
  readonly amount: number;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

export type CouponInput = Partial<Pick<CouponRecord, 'code' | 'discountType' | 'amount'>>;

export class Coupons {
  readonly #ground: Ground;
  #coupons = new Map<number, CouponRecord>();

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  add(input: CouponInput = {}): CouponRecord {
    const now = this.#ground.clock.nowSeconds();
    const id = this.#ground.nextId('post');
    const coupon = {
      id,
      code: `coupon${id}`,
      status: 'publish',
      discountType: 'percent',
      amount: 10,
      ...input,
      createdAt: now,
      modifiedAt: now,
    } as const;
    this.#coupons.set(id, coupon);
    this.#ground.fire('coupon.created', id);
    return coupon;
  }

  update(id: number, change: CouponInput): void {
    this.#replace(id, change);
    this.#ground.fire('coupon.updated', id);
  }

  trash(id: number): void {
    this.#replace(id, { status: 'trash' });
    this.#ground.fire('coupon.deleted', id);
  }

  find(id: number): CouponRecord | undefined {
    return this.#coupons.get(id);
  }

  findByCode(code: string): CouponRecord | undefined {
    return this.all().find((coupon) => coupon.code === code.toLowerCase());
  }

  all(): readonly CouponRecord[] {
    return [...this.#coupons.values()];
  }

  snapshot(): ReadonlyMap<number, CouponRecord> {
    return new Map(this.#coupons);
  }

  restore(coupons: ReadonlyMap<number, CouponRecord>): void {
    this.#coupons = new Map(coupons);
  }

  #replace(id: number, change: Partial<CouponRecord>): void {
    const coupon = this.#coupons.get(id);
    if (coupon === undefined) throw new Error(`this shop has no coupon ${id}`);
    this.#coupons.set(id, { ...coupon, ...change, modifiedAt: this.#ground.clock.nowSeconds() });
  }
}
