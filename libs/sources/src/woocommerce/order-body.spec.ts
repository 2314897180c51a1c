import { orderBody } from '../../../../test/builders/order.builder.js';
import { readWebhook, type OrderFact, type WebhookReading } from './woocommerce-order.source.js';

const TOPIC = { 'x-wc-webhook-topic': 'order.updated' };
const [FIRST_LINE, SECOND_LINE] = orderBody()['line_items'] as readonly Record<string, unknown>[];

const readBytes = (rawBody: Buffer, defaultCountry: string | null = null): WebhookReading =>
  readWebhook({ rawBody, headers: TOPIC, receivedAt: 0, defaultCountry });
const readText = (text: string): WebhookReading => readBytes(Buffer.from(text, 'utf8'));
const readOrder = (overrides: Record<string, unknown>): WebhookReading => readText(JSON.stringify(orderBody(overrides)));

function factOf(reading: WebhookReading): OrderFact {
  if (reading.kind !== 'order') throw new Error(`read as ${JSON.stringify(reading)}`);
  return reading;
}
const fact = (overrides: Record<string, unknown> = {}): OrderFact => factOf(readOrder(overrides));
const line = (overrides: Record<string, unknown>): OrderFact => fact({ line_items: [{ ...FIRST_LINE, ...overrides }] });

/** The order's JSON with one property's JSON text put in front: for what JSON.stringify cannot write. */
const orderText = (key: string, json: string): string => {
  const { [key]: _, ...rest } = orderBody();
  return `{"${key}":${json},${JSON.stringify(rest).slice(1)}`;
};

describe('bytes that are no order', () => {
  it.each([
    ['nothing', Buffer.alloc(0), 'body-not-json', 'the body is empty'],
    ['HTML', Buffer.from('<html>503</html>'), 'body-not-json', 'the body cannot be parsed as JSON'],
    ['half an order', Buffer.from(JSON.stringify(orderBody()).slice(0, 900)), 'body-not-json', 'the body cannot be parsed as JSON'],
    ['a raw control character', Buffer.from('{"id":17,"status":"a\0b"}'), 'body-not-json', 'the body cannot be parsed as JSON'],
    ['Latin-1', Buffer.from('{"id":17,"name":"Zoë"}', 'latin1'), 'body-not-utf8', 'the body holds bytes that are not UTF-8'],
    ['UTF-16', Buffer.from('{"id":17}', 'utf16le'), 'body-not-json', 'the body cannot be parsed as JSON'],
    ['null', Buffer.from('null'), 'not-an-order', 'the body is null'],
    ['a list', Buffer.from('[{"id":17}]'), 'not-an-order', 'the body is a list'],
    ['a text', Buffer.from('"order"'), 'not-an-order', 'the body is a string'],
    ['a number', Buffer.from('17'), 'not-an-order', 'the body is a number'],
    ['an empty object', Buffer.from('{}'), 'invalid-field', 'date_modified_gmt is missing'],
  ])('%s', (_, rawBody, reason, detail) => {
    expect(readBytes(rawBody)).toEqual({ kind: 'refused', reason, detail, orderId: null });
  });

  it('depth bombs', () => {
    const levels = 100_000;
    const bomb = `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    expect(readText(bomb).kind).toBe('refused');
    expect(readText('['.repeat(levels)).kind).toBe('refused');
    const inMeta = readText(orderText('meta_data', `[{"key":"cdp_id","value":${bomb}},{"key":"cdp_ttp","value":"t"}]`));
    expect(factOf(inMeta).personal).toMatchObject({ visitorId: '', ttp: 't' });
    expect(readText(orderText('line_items', `[${bomb}]`)).kind).toBe('order');
  });
});

describe('fields that an order needs', () => {
  it.each(['id', 'status', 'date_modified_gmt', 'currency', 'total'])('%s', (key) => {
    const { [key]: _, ...rest } = orderBody();
    const orderId = key === 'id' ? null : '17';
    const expected = { kind: 'refused', reason: 'invalid-field', detail: `${key} is missing`, orderId };
    expect(readText(JSON.stringify(rest))).toEqual(expected);
    expect(readOrder({ [key]: null })).toEqual(expected);
  });

  it.each([
    ['id', 0, 'is not an id'],
    ['id', -17, 'is not an id'],
    ['id', 1.5, 'is not an id'],
    ['id', '17x', 'is not an id'],
    ['id', '017', 'is not an id'],
    ['id', 9_007_199_254_740_992, 'is not an id'],
    ['id', '9007199254740993', 'is not an id'],
    ['id', { a: 1 }, 'is not an id'],
    ['id', true, 'is not an id'],
    ['parent_id', 'x', 'is not an id'],
    ['customer_id', -1, 'is not an id'],
    ['status', ' ', 'is missing'],
    ['status', ['processing'], 'is missing'],
    ['currency', 'US$', 'is not a currency code'],
    ['total', '', 'is missing'],
    ['total', '10,00', 'is not a decimal number'],
    ['total', '1e3', 'is not a decimal number'],
    ['total', 'ten', 'is not a decimal number'],
    ['total', [10], 'is not a decimal number'],
    ['total', '9'.repeat(31), 'is not a decimal number'],
    ['shipping_total', 'free', 'is not a decimal number'],
    ['date_modified_gmt', 'yesterday', 'is not a date'],
    ['date_modified_gmt', 1_795_228_693, 'is not a date'],
    ['date_modified_gmt', '2026-02-30T00:00:00', 'is not a date'],
    ['date_modified_gmt', '2026-13-01T00:00:00', 'is not a date'],
    ['date_modified_gmt', '2026-11-21T24:00:00', 'is not a date'],
    ['date_modified_gmt', '2026-11-21', 'is not a date'],
    ['date_modified_gmt', '0000-00-00T00:00:00', 'is not a date'],
    ['date_modified_gmt', '2026-11-21T02:38:13+03:00', 'is not a date'],
    ['date_paid_gmt', 'soon', 'is not a date'],
    ['line_items', 'none', 'is not a list'],
    ['line_items[0]', [7], 'is not an object'],
    ['line_items[1].total', [FIRST_LINE, { ...SECOND_LINE, total: 'x' }], 'is not a decimal number'],
    ['line_items[0].id', [{ ...FIRST_LINE, id: 'x' }], 'is not an id'],
    ['shipping_lines[0].total', [{ total: 'x' }], 'is not a decimal number'],
    ['fee_lines[0].id', [{ id: -1 }], 'is not an id'],
    ['refunds[0].total', [{ id: 5, total: 'x' }], 'is not a decimal number'],
  ])('%s: %j', (path, value, problem) => {
    const reading = readOrder({ [path.replace(/\[.*$/, '')]: value });
    expect(reading).toMatchObject({ kind: 'refused', reason: 'invalid-field' });
    expect(reading).toHaveProperty('detail', `${path} ${problem}`);
  });

  it('numbers that no machine holds', () => {
    expect(readText(orderText('id', '1e999'))).toMatchObject({ kind: 'refused', detail: 'id is not an id', orderId: null });
    expect(readText(orderText('total', '1e999'))).toMatchObject({
      kind: 'refused',
      detail: 'total is not a decimal number',
      orderId: '17',
    });
    expect(factOf(readText(orderText('number', '-1e999'))).content.orderNumber).toBe('17');
  });
});

describe('fields in other forms', () => {
  it('numbers as texts and texts as numbers', () => {
    const { content } = fact({
      id: '17',
      total: 10,
      total_tax: 0.1,
      parent_id: '5',
      number: 1018,
      customer_id: '2',
      status: 'wc-listo-retiro',
    });
    expect(content).toMatchObject({
      orderId: '17',
      total: '10',
      totalTax: '0.1',
      parentId: '5',
      orderNumber: '1018',
      status: 'listo-retiro',
    });
    expect(fact({ total: '10.00' }).content.total).toBe('10.00');
    expect(fact({ total: ' 10.00 ' }).contentHash).toBe(fact({ total: 10 }).contentHash);
    expect(fact({ id: '17' }).contentHash).toBe(fact({ id: 17 }).contentHash);
  });

  it('lines as plugins write them', () => {
    const { content } = line({
      quantity: '2',
      sku: 4711,
      product_id: '11',
      variation_id: false,
      total: 5,
      total_tax: '',
      price: {},
      name: null,
    });
    expect(content.lines[0]).toMatchObject({
      quantity: '2',
      sku: '4711',
      productId: '11',
      variationId: '0',
      total: '5',
      totalTax: '0',
      name: '',
    });
    expect(line({ quantity: 1.5, sku: null, product_id: 0 }).content.lines[0]).toMatchObject({ quantity: '1.5', sku: '', productId: '0' });
  });

  it('lists that PHP wrote as objects, and lists that are not there', () => {
    const asObject = fact({ line_items: { '1': FIRST_LINE, '3': SECOND_LINE }, meta_data: { '2': { key: 'cdp_id', value: 'v' } } });
    expect(asObject.content.lines.map(({ lineId }) => lineId)).toEqual(['1', '2']);
    expect(asObject.personal.visitorId).toBe('v');
    const without = fact({ line_items: null, shipping_lines: undefined, fee_lines: '', refunds: false, meta_data: 'x' });
    expect(without.content).toMatchObject({ lines: [], shippingLines: [], feeLines: [], refunds: [] });
  });

  it('addresses that are missing, empty or no objects', () => {
    for (const billing of [undefined, null, [], '', 'Calle Ñuble 1234', 7]) {
      const read = fact({ billing, shipping: billing });
      expect(new Set(Object.values(read.personal.billing))).toEqual(new Set(['']));
      expect(read.content).toMatchObject({ billingCountry: '', shippingCountry: '' });
      expect(read.identifiers).toMatchObject({ email: null, phone: null });
    }
  });

  it('dates with a blank, a fraction or a Z, and dates that are not set', () => {
    const modifiedAt = Date.UTC(2026, 10, 21, 2, 38, 13);
    for (const date of ['2026-11-21T02:38:13', '2026-11-21 02:38:13', '2026-11-21T02:38:13.500', '2026-11-21T02:38:13Z']) {
      expect(fact({ date_modified_gmt: date }).modifiedAt).toBe(modifiedAt);
    }
    const unset = fact({ date_paid_gmt: '', date_completed_gmt: undefined, date_created_gmt: null });
    expect(unset.content).toMatchObject({ paidAt: null, completedAt: null, createdAt: modifiedAt });
  });

  it('a byte order mark', () => {
    expect(readText(`\uFEFF${JSON.stringify(orderBody())}`).kind).toBe('order');
  });

  it('ten thousand lines', () => {
    const { content } = fact({ line_items: Array.from({ length: 10_000 }, (_, index) => ({ ...FIRST_LINE, id: index + 1 })) });
    expect(content.lines).toHaveLength(10_000);
    expect(content.lines.at(-1)?.lineId).toBe('10000');
  });

  it.each(['line_items', 'shipping_lines', 'fee_lines', 'refunds'])('%s of more elements than a record of the log can hold', (key) => {
    const list = `[${'{},'.repeat(20_000)}{}]`;
    expect(readText(orderText(key, list))).toMatchObject({ reason: 'invalid-field', detail: `${key} has more than 20000 elements` });
    expect(readText(orderText(key, list.replace('{},', ''))).kind).toBe('order');
  });

  it('keys that name the prototype', () => {
    const polluted = factOf(readText(orderText('__proto__', '{"status":"completed","isAdmin":true}')));
    expect(polluted.content.status).toBe('processing');
    const meta = [
      { key: '_wc_order_attribution___proto__', value: 'x' },
      { key: '_wc_order_attribution_constructor', value: 'y' },
      { key: '__proto__', value: 'z' },
    ];
    expect(fact({ meta_data: meta }).personal.attribution).toEqual({ constructor: 'y' });
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
  });
});

describe('texts', () => {
  it('lose NUL characters, which Postgres refuses', () => {
    expect(line({ name: 'Ca\0fé\0' }).content.lines[0]?.name).toBe('Café');
    expect(fact({ status: 'pro\0cessing' }).content.status).toBe('processing');
    expect(fact({ customer_note: '\0' }).personal.customerNote).toBe('');
    expect(JSON.stringify(fact({ meta_data: [{ key: 'cdp_id', value: 'a\0b' }] }))).not.toContain('\\u0000');
  });

  it('get lone surrogates replaced and keep whole pairs', () => {
    expect(factOf(readText(orderText('customer_note', '"a\\ud83d b \\ude4f \\ud83d\\ude4f"'))).personal.customerNote).toBe(
      'a\uFFFD b \uFFFD 🙏',
    );
    expect(factOf(readText(orderText('customer_note', '"\\ud83d\\u0000\\ude4f"'))).personal.customerNote).toBe('🙏');
  });

  it('are cut, always at the same place and never within a character', () => {
    expect(line({ name: 'x'.repeat(1_001) }).content.lines[0]?.name).toBe('x'.repeat(1_000));
    expect(line({ name: `${'x'.repeat(999)}🙏` }).content.lines[0]?.name).toBe('x'.repeat(999));
    expect(fact({ customer_user_agent: 'x'.repeat(9_000) }).personal.customerUserAgent).toHaveLength(8_000);
    const sessionEntry = { key: '_wc_order_attribution_session_entry', value: 'x'.repeat(9_000) };
    expect(fact({ meta_data: [sessionEntry] }).personal.attribution['session_entry']).toHaveLength(8_000);
    const long = { billing: { email: `${'x'.repeat(2_000)}@example.com` } };
    expect(fact(long).contentHash).toBe(fact(long).contentHash);
  });
});

describe('the country that travels in clear', () => {
  it.each([
    ['CL', 'CL'],
    [' cl ', 'CL'],
    ['Chile', ''],
    ['Zoë', ''],
    [56, ''],
  ])('%j is written as %j', (country, written) => {
    const read = fact({ billing: { country }, shipping: { country } });
    expect(read.content).toMatchObject({ billingCountry: written, shippingCountry: written });
  });
});
