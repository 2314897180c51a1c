import { chileanDay, chileanMoment } from './chile-time.js';

it.each([
  // Summer time: three hours behind UTC; winter: four.
  ['22/11/2026 09:30', '2026-11-22T12:30:00Z'],
  ['22/06/2026 09:30', '2026-06-22T13:30:00Z'],
  ['2026-11-22 09:30:15', '2026-11-22T12:30:15Z'],
  ['2026-06-22T00:00', '2026-06-22T04:00:00Z'],
  ['01/01/2027', '2027-01-01T03:00:00Z'],
  // The clocks go back at midnight of 5 April 2026: the hour before it is shown twice, the first of them counts.
  ['04/04/2026 23:30', '2026-04-05T02:30:00Z'],
  ['05/04/2026 00:30', '2026-04-05T04:30:00Z'],
  // They go forward at midnight of 6 September 2026: its first half hour is never shown.
  ['05/09/2026 23:59', '2026-09-06T03:59:00Z'],
  ['06/09/2026 00:30', '2026-09-06T04:30:00Z'],
  ['06/09/2026 01:00', '2026-09-06T04:00:00Z'],
])('%s is %s', (written, utc) => {
  expect(chileanMoment(written)).toBe(Date.parse(utc));
});

it.each(['', '31/02/2026 10:00', '22/11/2026 24:10', '11-22-2026', 'mañana', null, 1_795_000_000])('%s is no moment', (written) => {
  expect(chileanMoment(written)).toBeNull();
});

it('days begin at Chile’s midnight', () => {
  expect(chileanDay(Date.parse('2026-11-22T02:59:59Z'))).toEqual({ year: '2026', month: '11', day: '21' });
  expect(chileanDay(Date.parse('2026-11-22T03:00:00Z'))).toEqual({ year: '2026', month: '11', day: '22' });
});
