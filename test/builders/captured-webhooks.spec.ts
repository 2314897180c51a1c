import { allCaptures, allOrderCaptures, loadCapture, shiftDates, withBody } from './captured-webhooks.js';
import { orderBody, signedWebhook } from './order.builder.js';
import { webhookSignature } from './php-json.js';

const parse = (rawBody: Buffer): Record<string, unknown> => JSON.parse(rawBody.toString('utf8')) as Record<string, unknown>;

describe('captured webhooks', () => {
  it('are there for three resources, four versions and the ping', () => {
    expect(allOrderCaptures().length).toBeGreaterThanOrEqual(34);
    expect(allCaptures().length).toBeGreaterThan(allOrderCaptures().length);
    expect(loadCapture('001').rawBody.toString()).toBe('webhook_id=1');
    expect(loadCapture('w761-ping').secret).toBeNull();
  });

  it('name the captures that exist when one is asked for that does not', () => {
    expect(() => loadCapture('999')).toThrow('no capture is called 999');
  });

  it.each(allCaptures().filter(({ secret }) => secret !== null))('$name is written and signed again byte for byte', (capture) => {
    const rewritten = withBody(capture, JSON.parse(capture.rawBody.toString('utf8')));
    expect(rewritten.rawBody.toString('utf8')).toBe(capture.rawBody.toString('utf8'));
    expect(rewritten.headers).toEqual(capture.headers);
  });

  it('keep floats as PHP printed them', () => {
    expect(withBody(loadCapture('276'), parse(loadCapture('276').rawBody)).rawBody.includes('"rate_percent":8.25')).toBe(true);
  });
});

describe('shiftDates', () => {
  const capture = loadCapture('038');
  const toMs = Date.UTC(2027, 0, 15, 12, 30, 45, 678);

  it('moves every date by one offset, so that the newest is the asked moment', () => {
    const [before, after] = [parse(capture.rawBody), parse(shiftDates(capture, toMs).rawBody)];
    const offsets = Object.keys(before)
      .filter((key) => key.startsWith('date_') && before[key] !== null)
      .map((key) => Date.parse(`${String(after[key])}Z`) - Date.parse(`${String(before[key])}Z`));
    expect(offsets).toHaveLength(8);
    expect(new Set(offsets).size).toBe(1);
    expect(after['date_modified_gmt']).toBe('2027-01-15T12:30:45');
  });

  it('keeps everything else and signs with the given secret', () => {
    const shifted = shiftDates(capture, toMs, 'another');
    const withoutDates = (body: Record<string, unknown>): unknown => Object.entries(body).filter(([key]) => !key.startsWith('date_'));
    expect(withoutDates(parse(shifted.rawBody))).toEqual(withoutDates(parse(capture.rawBody)));
    expect(shifted.headers['x-wc-webhook-signature']).toBe(webhookSignature(shifted.rawBody, 'another'));
    expect(shifted.headers['content-length']).toBe(String(shifted.rawBody.length));
  });

  it('changes nothing when the newest date is the asked moment', () => {
    expect(shiftDates(capture, Date.parse(`${String(parse(capture.rawBody)['date_modified_gmt'])}Z`)).rawBody).toEqual(capture.rawBody);
  });

  it('leaves a body without dates as it is', () => {
    expect(shiftDates(loadCapture('039'), toMs).rawBody.toString()).toBe('{"id":18}');
  });
});

describe('signedWebhook', () => {
  it('writes as PHP does and signs the raw bytes', () => {
    const { rawBody, headers } = signedWebhook(orderBody({ id: 5 }), 'secret', 'order.created');
    expect(rawBody.includes('"id":5')).toBe(true);
    expect(rawBody.includes('Zo\\u00eb')).toBe(true);
    expect(rawBody.includes('https:\\/\\/shop.example')).toBe(true);
    expect(headers['x-wc-webhook-signature']).toBe(webhookSignature(rawBody, 'secret'));
    expect(headers['x-wc-webhook-resource']).toBe('order');
  });
});
