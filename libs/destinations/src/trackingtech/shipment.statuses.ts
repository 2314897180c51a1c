import type { OpenEffect, StatusPage, StatusQuery, StatusReading, StatusRecord, VendorReply } from '@tributary/domain';
import { requestIdOf, scrubbed } from '../answer-text.js';
import { isObject } from './answer-classes.js';
import { chileanDay, chileanMoment, type ChileanDay } from './chile-time.js';
import { pageIn, withoutVerdict } from './list-page.js';
import { courierHeaders, courierUrl } from './shipment.request.js';
import type { TrackingtechSecrets, TrackingtechSettings } from './trackingtech.schema.js';

/** So that a page of long names still fits into what is read of an answer (64 KiB). */
const PER_PAGE = 50;
const DAY_MS = 86_400_000;
const MAX_NAME_CHARS = 200;

/** The courier's words for the end; anything else is asked about again. */
const FINAL_STATUSES: ReadonlySet<string> = new Set(['delivered']);

/** What became of courier orders: by order ids and by days, whichever of the lists the settings name. */
export const shipmentStatuses: StatusReading<TrackingtechSettings, TrackingtechSecrets> = {
  refreshEveryMs: ({ statusReading }) => (statusReading.enabled ? statusReading.refreshIntervalSeconds * 1_000 : null),
  queries: (open, settings, nowMs) => settings.statusReading.by.flatMap((way) => queriesBy[way](open, settings, nowMs)),
  toRequest: ({ path, parameters }, page, settings, secrets, baseUrl) => {
    const query = new URLSearchParams({ ...parameters, page: String(page), per_page: String(PER_PAGE) });
    return {
      method: 'GET',
      url: `${courierUrl(settings, baseUrl, path)}?${query.toString()}`,
      headers: courierHeaders(secrets),
      body: '',
    };
  },
  interpret: interpretPage,
};

type Queries = (open: readonly OpenEffect[], settings: TrackingtechSettings, nowMs: number) => readonly StatusQuery[];

const queriesBy: Readonly<Record<TrackingtechSettings['statusReading']['by'][number], Queries>> = {
  'order-ids': (open, { paths, customerId }) =>
    Array.from({ length: Math.ceil(open.length / PER_PAGE) }, (_, index) => ({
      path: paths.orderStatus,
      parameters: {
        ids: open
          .slice(index * PER_PAGE, (index + 1) * PER_PAGE)
          .map(({ reference }) => reference)
          .join(','),
        customer_id: customerId ?? '',
      },
    })),
  withdrawals: (open, { paths }, nowMs) => {
    const dashed = ({ year, month, day }: ChileanDay): string => `${year}-${month}-${day}`;
    const { from, to } = daysOf(open, nowMs);
    return [{ path: paths.withdrawals, parameters: { start_date: dashed(from), end_date: dashed(to) } }];
  },
  pickups: (open, { paths }, nowMs) => {
    const plain = ({ year, month, day }: ChileanDay): string => `${year}${month}${day}`;
    const { from, to } = daysOf(open, nowMs);
    return [{ path: paths.pickups, parameters: { fecha_inicio: plain(from), fecha_fin: plain(to) } }];
  },
};

/** From the day before the oldest was taken (their clock is not ours) to today. */
const daysOf = (open: readonly OpenEffect[], nowMs: number): { readonly from: ChileanDay; readonly to: ChileanDay } => ({
  from: chileanDay(open.reduce((oldest, { takenAt }) => Math.min(oldest, takenAt), nowMs) - DAY_MS),
  to: chileanDay(nowMs),
});

function interpretPage(reply: VendorReply, page: number): StatusPage {
  const list = pageIn(reply);
  if (list === null) return { kind: 'cannot-tell', outcome: withoutVerdict(reply) };
  // A plain list says nothing of pages: a full one may have another behind it.
  const isLast = list.lastPage === null ? list.records.length !== PER_PAGE : page >= list.lastPage || list.records.length === 0;
  return { kind: 'page', records: list.records.flatMap(recordOf), isLast };
}

/** A record that is no object, or names nothing, says nothing. */
function recordOf(record: unknown): readonly StatusRecord[] {
  if (!isObject(record)) return [];
  const text = (field: string): string | null => {
    const value = record[field];
    const written = typeof value === 'number' ? String(value) : value;
    return typeof written === 'string' && written.trim() !== '' ? written.trim() : null;
  };
  const idOf = (field: string): string | null => requestIdOf(text(field));
  const status = text('status');
  const statusName = text('status_name');
  const name = (field: string): string | null => text(field)?.slice(0, MAX_NAME_CHARS) ?? null;
  return [
    {
      reference: idOf('order_id'),
      trackingId: idOf('tracking_id'),
      status: status === null ? null : scrubbed(status),
      statusName: statusName === null ? null : scrubbed(statusName),
      isFinal: status !== null && FINAL_STATUSES.has(status.toLowerCase()),
      recordedAt: chileanMoment(record['created_at']),
      withdrawnAt: chileanMoment(record['withdrawal_date']),
      names: {
        driverId: name('driver_id'),
        driverName: name('driver_name'),
        routeId: name('route_id'),
        routeName: name('route_name'),
      },
    },
  ];
}
