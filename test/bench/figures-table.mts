import Table from 'cli-table3';
import { isMet, ratioOf, valueOf, type Budget, type Figure } from './figures.mts';

const NOTHING = '–';
const group = (digits: string): string => digits.replaceAll(/\B(?=(\d{3})+(?!\d))/g, ',');

/** Three significant digits below 100, a fourth where a share comes close to the whole; whole numbers with separators above. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return 'not measured';
  if (Math.abs(value) >= 100) return group(String(Math.round(value)));
  return String(Number(value.toPrecision(value > 0.9 && value < 1 ? 4 : 3)));
}

const budgetText = (budget: Budget | null): string =>
  budget === null ? NOTHING : `${budget.is === 'at least' ? '≥' : '≤'} ${numberText(budget.value)}`;

const verdictOf = (figure: Figure): string =>
  ({ true: 'met', false: 'MISSED', null: NOTHING })[String(isMet(figure)) as 'true' | 'false' | 'null'];

function limitText(figure: Figure): string {
  const ratio = ratioOf(figure);
  return figure.limit === null || ratio === null
    ? NOTHING
    : `${numberText(ratio * 100)} % of ${numberText(figure.limit.value)} (${figure.limit.what})`;
}

const spreadText = ({ samples }: Figure): string =>
  samples.length < 2 ? NOTHING : `${numberText(Math.min(...samples))} … ${numberText(Math.max(...samples))}`;

export type FigureRow = readonly [what: string, value: string, spread: string, budget: string, verdict: string, limit: string];

export const rowOf = (figure: Figure): FigureRow => [
  figure.note === '' ? figure.what : `${figure.what} (${figure.note})`,
  `${numberText(valueOf(figure))} ${figure.unit}`.trim(),
  spreadText(figure),
  budgetText(figure.budget),
  verdictOf(figure),
  limitText(figure),
];

/** One table, with a line of its own for each section, in the figures' order. */
export function figuresTable(figures: readonly Figure[]): string {
  const table = new Table({
    head: ['What', 'Median', 'Least … most', 'Budget', '', 'Share of the machine’s own limit'],
    colAligns: ['left', 'right', 'right', 'right', 'left', 'left'],
    colWidths: [64],
    wordWrap: true,
    style: { head: [], border: [], compact: true },
  });
  let section = '';
  for (const figure of figures) {
    if (figure.section !== section) table.push([{ colSpan: 6, content: figure.section.toUpperCase() }]);
    ({ section } = figure);
    table.push([...rowOf(figure)]);
  }
  return table.toString();
}
