import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { tiktokDestination } from '@tributary/destinations';
import {
  Coverage,
  COVERAGE_CAUSES,
  coverageWarnings,
  explainReason,
  inUtc,
  OrderReport,
  reportPeriod,
  visitLines,
  type CoverageLine,
  type CoverageWarning,
} from '@tributary/domain';
import { eachReportedOrder, learnSchema, reportedDestinations, visitTallies } from '@tributary/stream';
import { knownTenant, readGiven } from './reading.parameters.js';
import type { ReadingPorts } from './reading.ports.js';
import { READING_PORTS } from './reading.tokens.js';
import { reportQuery, type ReportAnswer } from './report.schema.js';

const APP = 'tiktok';
const DEFAULT_PERIOD_MS = 30 * 86_400_000;

const dayText = (dayAt: number): string => inUtc(dayAt).slice(0, 10);
const rounded = (share: number): number => Math.round(share * 1_000) / 1_000;
const reasonText = (reason: string | null): string | null => (reason === null ? null : explainReason(reason));
const percent = (share: number): string => `${Math.round(share * 100)} %`;

const coverageAnswer = ({ dayAt, keys, ...line }: CoverageLine): ReportAnswer['coverage'][number] => ({
  ...line,
  day: dayText(dayAt),
  keys: keys.map((key) => ({ ...key, missing: [...key.missing], share: rounded(key.events === 0 ? 0 : key.have / key.events) })),
});

function warningAnswer(warning: CoverageWarning): ReportAnswer['warnings'][number] {
  const { sinceAt, share, shareBefore, cause, key, ...rest } = warning;
  const why = cause === null ? '' : `; most likely ${COVERAGE_CAUSES[cause].what}`;
  return {
    ...rest,
    key,
    cause,
    since: dayText(sinceAt),
    share: rounded(share),
    shareBefore: rounded(shareBefore),
    what: `${key}: ${percent(share)} of ${rest.events} events since ${dayText(sinceAt)}, ${percent(shareBefore)} before${why}.`,
    todo: cause === null ? null : COVERAGE_CAUSES[cause].todo,
  };
}

/** Orders against conversions, and what requests said of people. */
@Controller('v1/tenants/:tenant/report')
export class ReportController {
  constructor(@Inject(READING_PORTS) private readonly ports: ReadingPorts) {}

  /** Of a period, by the moments at which orders were made and visits happened. */
  @Get()
  async report(@Param('tenant') tenant: string, @Query() query: unknown): Promise<ReportAnswer> {
    const { sql, book, registry } = this.ports;
    const given = readGiven(reportQuery, query, 'query');
    const tenantId = await knownTenant(sql, tenant);
    const { kind, coverage: rules } = tiktokDestination;
    const nowMs = Date.now();
    const toMs = given.to ?? nowMs;
    const period = reportPeriod(given.from ?? toMs - DEFAULT_PERIOD_MS, toMs, nowMs);
    const report = new OrderReport(period, await reportedDestinations(sql, APP, kind, tenantId));
    const coverage = new Coverage(period, rules);
    const learn = (schemaId: number): Promise<void> => learnSchema(registry, book, schemaId);
    await eachReportedOrder({ sql, app: APP, book, learn }, tenantId, period, (order) => {
      report.add(order);
      coverage.addOrder(order);
    });
    const visits = await visitTallies(sql, APP, tenantId, period);
    for (const tally of visits) coverage.addVisits(tally);
    return {
      from: inUtc(period.fromMs),
      to: inUtc(period.toMs),
      finalBefore: inUtc(period.finalBeforeMs),
      orders: [...report.orderLines],
      conversions: report.conversionLines.map((line) => ({ ...line, reasonText: reasonText(line.reason) })),
      visits: visitLines(visits, period).map((line) => ({ ...line, reasonText: reasonText(line.reason) })),
      coverage: coverage.all.map(coverageAnswer),
      warnings: coverageWarnings(coverage.all).map(warningAnswer),
    };
  }
}
