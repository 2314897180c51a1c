import { orderBody } from '../../../../../test/builders/order.builder.js';
import type { ShopReply } from '../rest/shop-exchange.js';
import { importQuery, resumeImport, takeImportPage, type ImportState } from './import.walk.js';

const RANGE = { from: Date.parse('2024-01-01T00:00:00Z'), to: Date.parse('2025-01-01T00:00:00Z') };
const context = { now: RANGE.to, defaultCountry: null };
const DATE = 'Sat, 21 Nov 2026 12:00:00 GMT';

const order = (id: number, created: string): unknown => orderBody({ id, date_created_gmt: created, date_modified_gmt: created });
const answer = (rows: readonly unknown[], total = rows.length): ShopReply => ({
  kind: 'answered',
  answer: {
    status: 200,
    body: JSON.stringify(rows),
    headers: { date: DATE, 'x-wp-total': String(total), 'x-wp-totalpages': String(Math.ceil(total / 100)) },
  },
});
const begun = (): ImportState => resumeImport(null, RANGE, 100);
const next = (state: ImportState | null): ImportState => {
  if (state === null) throw new Error('it is done');
  return state;
};

it('asks for the range by creation, in UTC without a zone, with both ends inside', () => {
  expect(importQuery(begun()).parameters).toMatchObject({
    after: '2023-12-31T23:59:59',
    before: '2025-01-01T00:00:00',
    orderby: 'date',
    order: 'asc',
    dates_are_gmt: 'true',
    per_page: '100',
  });
});

it('reads what the shop lists, then its trash, and is done; the total counts both', () => {
  const first = takeImportPage(begun(), RANGE, answer([order(1, '2024-03-01T00:00:00')]), context);
  expect(first).toMatchObject({ failure: null, rows: 1, total: 1, read: 1 });
  expect(importQuery(next(first.state)).parameters).toMatchObject({ status: 'trash', after: '2023-12-31T23:59:59' });
  const second = takeImportPage(next(first.state), RANGE, answer([order(2, '2024-03-02T00:00:00')]), context);
  expect(second).toMatchObject({ state: null, rows: 1, total: 2, read: 2 });
});

it('goes on from the last second of a full page', () => {
  const rows = Array.from({ length: 100 }, (_, index) =>
    order(index + 1, `2024-03-01T00:00:${String(10 + (index % 40)).padStart(2, '0')}`),
  );
  const sorted = rows.toSorted((a, b) =>
    (a as { date_created_gmt: string }).date_created_gmt < (b as { date_created_gmt: string }).date_created_gmt ? -1 : 1,
  );
  const step = takeImportPage(begun(), RANGE, answer(sorted, 250), context);
  expect(step).toMatchObject({ rows: 100, total: 250, read: 100 });
  // Two rows of the last second come again with the next page and count once.
  const more = takeImportPage(next(step.state), RANGE, answer(sorted, 152), context);
  expect(more).toMatchObject({ total: 250, read: 198 });
  expect(importQuery(next(step.state)).parameters).toMatchObject({
    after: '2024-03-01T00:00:48',
    before: '2025-01-01T00:00:00',
    page: '1',
  });
});

it('reports a row that is no order once', () => {
  const bad = { ...(order(1, '2024-03-01T00:00:00') as object), total: 'a lot' };
  const step = takeImportPage(begun(), RANGE, answer([bad]), context);
  expect(step.unreadable).toHaveLength(1);
  expect(takeImportPage({ ...begun(), unreadable: next(step.state).unreadable }, RANGE, answer([bad]), context).unreadable).toEqual([]);
});

it.each([
  ['a time-out asks for smaller pages', { kind: 'not-answered', cause: 'timeout', detail: '' }, 50],
  ['refused keys ask for the same again', { kind: 'answered', answer: { status: 401, body: '', headers: { date: DATE } } }, 100],
  ['HTML is no empty shop', { kind: 'answered', answer: { status: 200, body: '<html>', headers: { date: DATE } } }, 100],
] as const)('%s', (_what, reply, pageRows) => {
  const step = takeImportPage(begun(), RANGE, reply, context);
  expect(step.failure).not.toBeNull();
  expect(step).toMatchObject({ rows: 0, orders: [], state: { pageRows } });
  expect(importQuery(next(step.state)).parameters).toMatchObject({ after: '2023-12-31T23:59:59' });
});

it('goes on from what was kept, and begins anew with what it does not know', () => {
  const { state } = takeImportPage(begun(), RANGE, answer([]), context);
  expect(resumeImport(JSON.parse(JSON.stringify(state)), RANGE, 50)).toEqual(state);
  expect(resumeImport({ version: 9 }, RANGE, 100)).toEqual(begun());
});
