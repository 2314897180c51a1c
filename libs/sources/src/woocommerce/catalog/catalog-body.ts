import {
  isDecimalText,
  isResourceId,
  normaliseEmail,
  normalisePhone,
  type CustomerPersonal,
  type DecimalText,
  type PersonalAddress,
  type PersonIdentifier,
} from '@tributary/domain';
import {
  Complaints,
  idOf,
  isJsonObject,
  isTrue,
  objectOf,
  readDate,
  readDecimal,
  readId,
  textOf,
  type JsonObject,
} from '../body-reader.js';
import { countryOf, readAddress } from '../order-body.js';
import { refused, type RefusedBody } from '../refused-body.js';
import type { CatalogFact, CatalogReadContext, CouponFact, CustomerFact, CustomResourceFact, ProductFact } from './catalog.facts.js';

/** A bare mail address, as a whole value; nothing else is looked for. */
const MAIL = /^[^\s@<>"',;]{1,64}@[^\s@<>"',;]{1,190}\.[^\s@<>"',;.]{2,63}$/;
const SLUG = /^[A-Za-z0-9_-]{1,60}$/;
/** How much of a custom body is looked through for a mail address. */
const MAX_VALUES = 5_000;

/** Numbers of every size, and texts that may stand in a key; null for anything else. */
export function resourceIdOf(value: unknown): string | null {
  const id = typeof value === 'number' || typeof value === 'string' ? textOf(value) : '';
  return isResourceId(id) && id !== '0' ? id : null;
}

/** Reads one field after the other and keeps the first complaint. */
class Fields {
  readonly complaints = new Complaints();

  constructor(readonly body: JsonObject) {}

  id(): string {
    const id = idOf(this.body['id']);
    if (id === null || id === '0') this.complaints.add('', 'id', 'is missing or not an id');
    return id ?? '0';
  }

  /** Of a custom resource: any text that may stand in a key. */
  resourceId(idField: string): string {
    const id = resourceIdOf(this.body[idField]);
    if (id === null) this.complaints.add('', idField, 'is missing or not an id');
    return id ?? '0';
  }

  /** Says what a body is: one of another resource does not have it. */
  required(key: string): string {
    const text = textOf(this.body[key]).trim();
    if (text === '') this.complaints.add('', key, 'is missing');
    return text;
  }

  text(key: string): string {
    return textOf(this.body[key]);
  }

  /** A name for programs; free text that somebody typed there does not travel in clear. */
  slug(key: string): string {
    const text = textOf(this.body[key]);
    return SLUG.test(text) ? text : '';
  }

  date(key: string): number | null {
    return readDate(this.body, key, this.complaints);
  }

  amount(key: string): DecimalText {
    return readDecimal(this.body, key, '', this.complaints);
  }

  /** A number that somebody may have typed wrongly: what is none is as good as unset. */
  lenientDecimal(key: string): string {
    const text = textOf(this.body[key]).trim();
    return isDecimalText(text) ? text : '';
  }

  /** Its modification, else its creation: a user whom nobody changed has no other. `undated`: what counts where it has no date at all. */
  seenAt({ readAt }: CatalogReadContext, undated: number | null = null): { readonly modifiedAt: number; readonly asOf: number } {
    const modifiedAt = this.date('date_modified_gmt') ?? this.date('date_created_gmt') ?? undated;
    if (modifiedAt === null) this.complaints.add('', 'date_modified_gmt', 'is missing');
    const at = modifiedAt ?? 0;
    return { modifiedAt: at, asOf: readAt === null ? at : Math.max(at, readAt) };
  }

  orRefused<Fact>(fact: Fact): Fact | RefusedBody {
    return this.complaints.first === null ? fact : refused('invalid-field', this.complaints.first);
  }
}

function readProduct(fields: Fields, context: CatalogReadContext, parentId: string | null): ProductFact | RefusedBody {
  const { body } = fields;
  return fields.orRefused<ProductFact>({
    kind: 'product',
    content: {
      productId: fields.id(),
      parentId: parentId ?? readId(body, 'parent_id', '', fields.complaints),
      productType: fields.required('type'),
      status: fields.required('status'),
      name: fields.text('name'),
      sku: fields.text('sku'),
      price: fields.lenientDecimal('price'),
      weight: fields.lenientDecimal('weight'),
      isVirtual: isTrue(body['virtual']),
      isDownloadable: isTrue(body['downloadable']),
      createdAt: fields.date('date_created_gmt'),
    },
    ...fields.seenAt(context),
  });
}

function readCoupon(fields: Fields, context: CatalogReadContext): CouponFact | RefusedBody {
  const code = fields.required('code');
  return fields.orRefused<CouponFact>({
    kind: 'coupon',
    content: {
      couponId: fields.id(),
      code: code.includes('@') ? '' : code,
      status: fields.text('status') || 'publish',
      discountType: fields.required('discount_type'),
      amount: fields.amount('amount'),
      minimumAmount: fields.amount('minimum_amount'),
      maximumAmount: fields.amount('maximum_amount'),
      isFreeShipping: isTrue(fields.body['free_shipping']),
      expiresAt: fields.date('date_expires_gmt'),
      createdAt: fields.date('date_created_gmt'),
    },
    ...fields.seenAt(context),
  });
}

const filled = (prefix: string, address: PersonalAddress): string[] =>
  Object.entries(address).flatMap(([field, text]) => (text === '' || field === 'email' || field === 'phone' ? [] : [`${prefix}.${field}`]));

function personalFieldsOf(personal: CustomerPersonal, contacts: CustomerFact['contacts']): readonly string[] {
  const { firstName, lastName, username, billing, shipping } = personal;
  const own = Object.entries({ firstName, lastName, username }).flatMap(([field, text]) => (text === '' ? [] : [field]));
  const named = [...own, ...filled('billing', billing), ...filled('shipping', shipping), 'customerId'];
  if (contacts.email !== null) named.push('email');
  if (contacts.phone !== null) named.push('billing.phone');
  if (shipping.phone !== '') named.push('shipping.phone');
  return named.toSorted();
}

function readCustomer(fields: Fields, context: CatalogReadContext): CustomerFact | RefusedBody {
  const { body } = fields;
  const billing = readAddress(objectOf(body['billing']));
  const personal: CustomerPersonal = {
    customerId: fields.id(),
    email: fields.text('email').trim(),
    firstName: fields.text('first_name'),
    lastName: fields.text('last_name'),
    username: fields.required('username'),
    billing,
    shipping: readAddress(objectOf(body['shipping'])),
  };
  const contacts = {
    email: normaliseEmail(personal.email) ?? normaliseEmail(billing.email),
    phone: normalisePhone(billing.phone, [billing.country, context.defaultCountry]),
  };
  return fields.orRefused<CustomerFact>({
    kind: 'customer',
    content: {
      role: fields.slug('role'),
      isPaying: isTrue(body['is_paying_customer']),
      country: countryOf(objectOf(body['billing'])),
      createdAt: fields.date('date_created_gmt'),
    },
    personal,
    contacts,
    personalFields: personalFieldsOf(personal, contacts),
    ...fields.seenAt(context),
  });
}

/** The first value that is a mail address and nothing else, breadth first: nearer to the top is nearer to whom the body is about. */
function firstMailOf(body: unknown): PersonIdentifier | null {
  const values: unknown[] = [body];
  for (let next = 0; next < values.length && next < MAX_VALUES; next += 1) {
    const value = values[next];
    if (typeof value === 'string' && MAIL.test(value.trim())) return normaliseEmail(value);
    if (typeof value !== 'object' || value === null) continue;
    for (const field of Object.values(value) as readonly unknown[]) if (values.length < MAX_VALUES) values.push(field);
  }
  return null;
}

function readCustom(resource: string, fields: Fields, context: CatalogReadContext): CustomResourceFact | RefusedBody {
  const { body } = fields;
  return fields.orRefused<CustomResourceFact>({
    kind: 'resource',
    resource,
    resourceId: fields.resourceId(context.idField ?? 'id'),
    createdAt: fields.date('date_created_gmt'),
    body,
    email: firstMailOf(body),
    // A list of a plugin's need not have WooCommerce's dates: it is so as of the read.
    ...fields.seenAt(context, context.readAt),
  });
}

/**
 * One item of a shop's catalog in WooCommerce's REST representation (wc/v3), as a webhook or a REST read shows it. Never throws. A
 * resource without a shape of its own is kept whole. `parentId`: of a variation whose own body does not say (shops before 8.x).
 * Refusals: `not-a-resource`, `invalid-field`.
 * @see https://developer.woocommerce.com/docs/apis/rest-api/v3/products (read 2026-11-21)
 */
export function readCatalogItem(
  resource: string,
  value: unknown,
  context: CatalogReadContext,
  parentId: string | null = null,
): CatalogFact | RefusedBody {
  if (!isJsonObject(value)) return refused('not-a-resource', 'the body is no object');
  const fields = new Fields(value);
  switch (resource) {
    case 'product':
      return readProduct(fields, context, parentId);
    case 'coupon':
      return readCoupon(fields, context);
    case 'customer':
      return readCustomer(fields, context);
    default:
      return readCustom(resource, fields, context);
  }
}
