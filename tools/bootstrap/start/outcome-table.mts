import Table from 'cli-table3';
import type { Delivery } from './control-client.mts';
import type { DemoOrder } from './demo-orders.mts';

/** An order of the demo that the shop has. */
export interface PlacedOrder extends Pick<DemoOrder, 'what' | 'staysOut'> {
  readonly id: string;
}

/** One order of the demo and what became of it. */
export interface DemoOutcome {
  readonly order: PlacedOrder;
  /** As control knows it at the end; undefined when it never did. */
  readonly status: string | undefined;
  readonly deliveries: readonly Delivery[];
  /** What became of it at the courier; undefined when nothing did. */
  readonly courier: Delivery | undefined;
  /** When the webhook that decided was sent, epoch ms. */
  readonly sentAtMs: number;
}

export type OutcomeRow = readonly [
  order: string,
  what: string,
  status: string,
  event: string,
  outcome: string,
  milliseconds: string,
  courier: string,
];

const NOTHING = '–';
const OPEN_STATES = new Set(['planned', 'attempted', 'transient', 'unknown']);

/** Whether nothing more will happen to it by itself. */
export const isSettled = ({ state }: Delivery): boolean => !OPEN_STATES.has(state);

const milliseconds = ({ state, settledAt }: Delivery, sentAtMs: number): string =>
  state === 'suppressed' || settledAt === null ? NOTHING : String(Math.round(Date.parse(settledAt) - sentAtMs));

const outcomeOf = ({ state, reason }: Delivery): string => (reason === null || reason === '' ? state : `${state}: ${reason}`);

/** The tracking id of what the courier took, else how it came out. */
function courierOf(delivery: Delivery | undefined): string {
  if (delivery === undefined) return NOTHING;
  const trackingId = delivery.attempts.at(-1)?.requestId ?? null;
  return delivery.state === 'delivered' && trackingId !== null ? trackingId : outcomeOf(delivery);
}

/** One row per delivery; an order without any has one row that says why. */
export function rowsOf({ order, status, deliveries, courier, sentAtMs }: DemoOutcome): readonly OutcomeRow[] {
  const shown = [order.id, order.what, status ?? 'unknown'] as const;
  if (deliveries.length === 0) {
    return [
      [
        ...shown,
        NOTHING,
        order.staysOut === null ? 'nothing happened in time' : `stays out: ${order.staysOut}`,
        NOTHING,
        courierOf(courier),
      ],
    ];
  }
  return deliveries.map((delivery) => [
    ...shown,
    [delivery.eventName, delivery.eventId ?? ''].join(' ').trim(),
    outcomeOf(delivery),
    milliseconds(delivery, sentAtMs),
    courierOf(courier),
  ]);
}

/** The demo's table as text. */
export function outcomeTable(outcomes: readonly DemoOutcome[]): string {
  const table = new Table({
    head: ['Order', 'What', 'Status', 'TikTok event', 'Outcome', 'ms', 'Courier'],
    colAligns: ['right', 'left', 'left', 'left', 'left', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  table.push(...outcomes.flatMap(rowsOf).map((row) => [...row]));
  return table.toString();
}
