import { Body, Controller, Get, Inject, Param, Put, Query } from '@nestjs/common';
import { isConsentRequired, woocommerceSettingsSchema, woocommerceSource } from '@tributary/sources';
import { readTenantBody, type Problem } from '@tributary/config';
import { asTenantId, isTenantOrConnectionId } from '@tributary/domain';
import type { ConnectionVersionRow, SettingsAnswer, SettingsChange, SettingsReport, SettingsStore, TenantRow } from '@tributary/stream';
import { HttpProblem } from './problem.js';
import type { ConnectionView } from './tenants.openapi.js';

/** What the settings side of control is made of. */
export interface TenantsPorts {
  readonly change: Pick<SettingsChange, 'put'>;
  readonly store: Pick<SettingsStore, 'tenants' | 'connections'>;
}

export const TENANTS_PORTS = Symbol('tenants ports');

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

const refused = (problems: readonly Problem[]): HttpProblem =>
  new HttpProblem(
    422,
    'These settings need a change',
    `${problems.length} thing${problems.length === 1 ? ' is' : 's are'} wrong; nothing was changed.`,
    problems.map(({ path, message }) => ({ path, message })),
  );

function tenantIdOf(text: string): ReturnType<typeof asTenantId> {
  if (!isTenantOrConnectionId(text)) throw new HttpProblem(404, 'No such tenant', 'A tenant’s id is 1–40 of a–z, 0–9 and -.');
  return asTenantId(text);
}

function flagOf(name: string, text: string | undefined): boolean {
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw new HttpProblem(400, 'Not understood', 'A parameter cannot be read.', [{ path: name, message: 'must be true or false' }]);
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = Number(text);
  if (/^\d{1,4}$/.test(text) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new HttpProblem(400, 'Not understood', 'A parameter cannot be read.', [
    { path: 'limit', message: `must be a whole number from 1 to ${MAX_LIMIT}` },
  ]);
}

function viewOf({ id, kind, state, version, activatedAt, settings, changedAt, defaultCountry }: ConnectionVersionRow): ConnectionView {
  const view = {
    id,
    kind,
    state,
    version,
    activatedAt: new Date(activatedAt).toISOString(),
    changedAt: changedAt.toISOString(),
    settings: settings as Record<string, unknown>,
  };
  if (kind !== woocommerceSource.kind) return view;
  const inForce = woocommerceSettingsSchema.parse(settings);
  const { isRequired, explanation } = isConsentRequired(inForce, defaultCountry);
  const { fromShop = null, ...written } = inForce;
  return { ...view, settings: written, shop: fromShop, consent: { required: isRequired, because: explanation } };
}

/** Tenants and their connections: asked for as a whole, shown without secrets. */
@Controller('v1/tenants')
export class TenantsController {
  constructor(@Inject(TENANTS_PORTS) private readonly ports: TenantsPorts) {}

  /** `GET /v1/tenants`: ascending by id; `cursor` is the `nextCursor` of the page before. */
  @Get()
  async list(
    @Query('cursor') cursor?: string,
    @Query('limit') limitText?: string,
  ): Promise<{ readonly items: readonly TenantRow[]; readonly nextCursor: string | null }> {
    const limit = limitOf(limitText);
    if (cursor !== undefined && !isTenantOrConnectionId(cursor)) {
      throw new HttpProblem(400, 'Not understood', 'A parameter cannot be read.', [
        { path: 'cursor', message: 'must be the nextCursor of an earlier answer' },
      ]);
    }
    const items = await this.ports.store.tenants(cursor ?? '', limit);
    return { items, nextCursor: items.length === limit ? (items.at(-1)?.id ?? null) : null };
  }

  /** `PUT /v1/tenants/{tenant}`: replaces its settings as a whole; the same body again changes nothing. With `dryRun=true` only says what would happen. */
  @Put(':tenant')
  async put(@Param('tenant') tenant: string, @Body() body: unknown, @Query('dryRun') dryRun?: string): Promise<SettingsReport> {
    const isDryRun = flagOf('dryRun', dryRun);
    const reading = readTenantBody(body, tenant);
    if (reading.kind === 'refused') throw refused(reading.problems);
    const answer: SettingsAnswer = await this.ports.change.put(reading.tenant, { isDryRun });
    if (answer.kind === 'refused') throw refused(answer.problems);
    return answer.report;
  }

  /** `GET /v1/tenants/{tenant}/connections`: all of them, disabled ones too. */
  @Get(':tenant/connections')
  async connections(@Param('tenant') tenant: string): Promise<{ readonly items: readonly ConnectionView[]; readonly nextCursor: null }> {
    const rows = await this.ports.store.connections(tenantIdOf(tenant));
    if (rows === undefined)
      throw new HttpProblem(404, 'No such tenant', 'No tenant of this id was ever applied; GET /v1/tenants lists them.');
    return { items: rows.map(viewOf), nextCursor: null };
  }
}
