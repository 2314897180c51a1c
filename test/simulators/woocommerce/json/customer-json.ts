import { createHash } from 'node:crypto';
import type { Ground } from '../shop/ground.ts';
import type { CustomerRecord } from '../shop/people.ts';
import type { JsonObject } from './json.ts';
import { dateFields, linksOf } from './links.ts';

export function customerJson(ground: Ground, customer: CustomerRecord, origin: string): JsonObject {
  const { email, state, phone, ...billing } = customer.billing;
  const { state: shippingState, phone: shippingPhone, ...shipping } = customer.shipping;
  const portrait = createHash('sha256').update(customer.email.trim().toLowerCase()).digest('hex');
  return {
    id: customer.id,
    ...dateFields(ground, 'date_created', customer.createdAt),
    ...dateFields(ground, 'date_modified', customer.modifiedAt),
    email: customer.email,
    first_name: customer.firstName,
    last_name: customer.lastName,
    role: customer.role,
    username: customer.username,
    billing: { ...billing, state, email, phone },
    shipping: { ...shipping, state: shippingState, phone: shippingPhone },
    is_paying_customer: customer.isPaying,
    avatar_url: `https://secure.gravatar.com/avatar/${portrait}?s=96&d=mm&r=g`,
    meta_data: [],
    _links: linksOf(ground, origin, 'customers', customer.id),
  };
}
