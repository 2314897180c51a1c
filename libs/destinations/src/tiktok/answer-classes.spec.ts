import type { DeliveryOutcome, VendorReply } from '@tributary/domain';
import fc from 'fast-check';
import { interpretTiktokReply } from './answer-classes.js';

const answered = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): VendorReply => ({
  kind: 'answered',
  status,
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const coded = (code: number | string, message = 'a message', status = 200) =>
  answered({ code, message, request_id: '2026112110', data: {} }, status);

function read(reply: VendorReply, intentCount = 1): DeliveryOutcome {
  const outcomes = interpretTiktokReply(reply, intentCount);
  expect(outcomes).toHaveLength(intentCount);
  const [first] = outcomes;
  if (first === undefined) throw new Error('no outcome');
  expect(outcomes.every((outcome) => outcome === first)).toBe(true);
  return first;
}

describe('a code decides', () => {
  it.each([0, '0', 40050])('%p: delivered', (code) => {
    expect(read(coded(code), 3)).toEqual({
      kind: 'delivered',
      answer: { code: String(code), message: 'a message', requestId: '2026112110' },
    });
  });

  it('20001: each again, alone', () => expect(read(coded(20001), 3).kind).toBe('resend-alone'));
  it('20001 for one event alone: nobody knows', () => expect(read(coded(20001)).kind).toBe('unknown'));

  it.each([40100, 40132, 61000])('%d: throttled', (code) => {
    expect(read(coded(code))).toMatchObject({ kind: 'transient', isThrottled: true, retryAfterMs: null });
  });

  it.each([40202, 50000, 50002, 51000, 51050, 51099, 52000, 52103, 52201, 52204, 60001])('%d: later', (code) => {
    expect(read(coded(code))).toMatchObject({ kind: 'transient', isThrottled: false });
  });

  const misconfigured = [40001, 40003, 40101, 40102, 40104, 40105, 40113, 40117, 40118, 40124, 40125, 40130, 40300, 40301, 41000];
  it.each(misconfigured)('%d: a person must act', (code) => expect(read(coded(code), 5).kind).toBe('misconfigured'));

  it.each([40000, 40002, 40063, 40700, 53102, 53103])('%d: this event will never pass', (code) => {
    expect(read(coded(code))).toMatchObject({ kind: 'rejected', reason: 'vendor-refused', answer: { code: String(code) } });
  });

  it.each([40062, 40006, 40051, 40061, 40400, 40008, 41001])('%d: our own mistake', (code) => expect(read(coded(code)).kind).toBe('bug'));

  it.each([40000, 40002, 40063, 40700, 53102, 53103, 40062, 40006])('%d for several: nothing was taken, find the one', (code) => {
    expect(read(coded(code), 3)).toMatchObject({ kind: 'isolate', suspectIndex: null });
  });

  it.each([
    ['data.2.properties.contents.0.content_id: expected string', 3, 2],
    ['Invalid parameter data[1].event_time', 3, 1],
    ['data.0.user.email', 3, 0],
    ['data.7.event_id', 3, null],
    ['metadata.1 is wrong', 3, null],
  ])('finds the suspect in %p', (message, intentCount, suspectIndex) => {
    expect(read(coded(40002, message), intentCount)).toMatchObject({ kind: 'isolate', suspectIndex });
  });

  it('before the HTTP status', () => {
    expect(read(coded(0, 'OK', 500)).kind).toBe('delivered');
    expect(read(coded(40105, 'token', 503)).kind).toBe('misconfigured');
    expect(read(coded(50000, 'internal', 401)).kind).toBe('transient');
  });

  it.each([
    [40999, 'rejected'],
    [50999, 'transient'],
    [60999, 'transient'],
    [20002, 'unknown'],
    [7, 'unknown'],
    [-1, 'unknown'],
  ])('that nobody documented (%d) is read by its family: %s', (code, kind) => expect(read(coded(code)).kind).toBe(kind));
});

describe('without a code the HTTP status decides', () => {
  it.each([401, 403])('%d: a person must act', (status) =>
    expect(read(answered('', status))).toMatchObject({ kind: 'misconfigured', answer: { code: `http-${status}` } }),
  );

  it.each([408, 500, 502, 503, 504, 400, 404, 301])('%d: it may have been taken', (status) => {
    expect(read(answered('<html>gateway</html>', status))).toMatchObject({ kind: 'unknown', answer: { code: `http-${status}` } });
  });

  it.each(['<html></html>', '', 'null', '[]', '"OK"', '{}', '{"code":null}', '{"code":"zero"}', '{"code":', '{"code":0.5}'])(
    '200 with %p: nobody knows',
    (body) => {
      expect(read(answered(body))).toMatchObject({ kind: 'unknown', answer: { code: 'not-json' } });
    },
  );

  it.each([
    ['seconds', { 'retry-after': '7' }, 7_000],
    ['any case of letters', { 'Retry-After': '7' }, 7_000],
    ['a date', { 'retry-after': 'Sat, 21 Nov 2026 10:00:30 GMT', date: 'Sat, 21 Nov 2026 10:00:00 GMT' }, 30_000],
    ['a date gone by', { 'retry-after': 'Sat, 21 Nov 2026 09:00:00 GMT', date: 'Sat, 21 Nov 2026 10:00:00 GMT' }, 0],
    ['too long', { 'retry-after': '999999' }, 3_600_000],
    ['nonsense', { 'retry-after': 'soon' }, null],
    ['nothing', {}, null],
  ])('429 waits as asked: %s', (_what, headers, retryAfterMs) => {
    expect(read(answered('slow down', 429, headers))).toMatchObject({ kind: 'transient', isThrottled: true, retryAfterMs });
  });
});

describe('without an answer', () => {
  it('that never left: later', () =>
    expect(read({ kind: 'not-sent', cause: 'ECONNREFUSED' })).toMatchObject({
      kind: 'transient',
      isThrottled: false,
      answer: { code: 'not-sent', message: 'ECONNREFUSED' },
    }));

  it.each(['timeout', 'connection-lost'] as const)('%s: nobody knows', (cause) => {
    expect(read({ kind: 'no-answer', cause }, 2)).toMatchObject({ kind: 'unknown', answer: { code: cause } });
  });
});

describe('what is kept of an answer', () => {
  it('names nobody', () => {
    const { answer } = read(coded(40002, `data.0.user.email: 'maria.perez@example.com' is not hashed, phone +56 9 8765 4321`));
    expect(answer.message).toBe('data.0.user.email: […] is not hashed, phone […]');
  });

  it('drops a request id that is none', () => {
    expect(read(answered({ code: 0, request_id: 'maria.perez@example.com' })).answer.requestId).toBeNull();
    expect(read(answered({ code: 0, request_id: 12 })).answer.requestId).toBeNull();
  });
});

it('reads any answer without failing', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.json()),
      fc.integer({ min: 100, max: 599 }),
      fc.integer({ min: 0, max: 60 }),
      (body, status, intentCount) => {
        expect(interpretTiktokReply(answered(body, status), intentCount)).toHaveLength(intentCount);
      },
    ),
  );
});
