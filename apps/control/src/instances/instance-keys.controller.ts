import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { z } from 'zod';
import { asTenantId, isTenantOrConnectionId, type TenantId } from '@tributary/domain';
import type { NewInstanceKey } from '@tributary/stream';
import { HttpProblem } from '../problem.js';
import { readGiven } from '../reading/reading.parameters.js';
import { emptyBody } from '../reading/reading.schema.js';
import { INSTANCES_PORTS } from './instances.controller.js';
import type { InstancesPorts } from './instances.js';

export const instanceKeyBody = z.strictObject({ name: z.string().min(1).max(200).describe('Who gets it') });

interface KeyItem {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly revokedAt: string | null;
}

/** Pairs of keys with which a tenant makes its own connections through `POST /instances`; given away by whoever has the admin token. */
@Controller('v1/tenants/:tenant/instance-keys')
export class InstanceKeysController {
  constructor(@Inject(INSTANCES_PORTS) private readonly ports: InstancesPorts) {}

  /** A new pair; it is shown this once. The tenant need not have been applied. */
  @Post()
  @HttpCode(200)
  async make(@Param('tenant') tenant: string, @Body() body: unknown): Promise<NewInstanceKey> {
    const { name } = readGiven(instanceKeyBody, body, 'body');
    return this.ports.store.makeKey(tenantOf(tenant), name);
  }

  /** All pairs, newest first, without the keys. */
  @Get()
  async list(@Param('tenant') tenant: string): Promise<{ readonly items: readonly KeyItem[]; readonly nextCursor: null }> {
    const keys = await this.ports.store.keys(tenantOf(tenant));
    const items = keys.map(({ id, name, createdAt, revokedAt }) => ({
      id,
      name,
      createdAt: createdAt.toISOString(),
      revokedAt: revokedAt?.toISOString() ?? null,
    }));
    return { items, nextCursor: null };
  }

  /** From now on nobody gets in with it; instances made with it stay. */
  @Post(':id/revoke')
  @HttpCode(200)
  async revoke(@Param('tenant') tenant: string, @Param('id') id: string, @Body() body: unknown): Promise<{ readonly outcome: 'done' }> {
    readGiven(emptyBody, body, 'body');
    if (!/^\d{1,15}$/.test(id) || !(await this.ports.store.revokeKey(tenantOf(tenant), Number(id))))
      throw new HttpProblem(404, 'No such keys', 'The tenant has no pair of keys of this id.');
    return { outcome: 'done' };
  }
}

function tenantOf(text: string): TenantId {
  if (!isTenantOrConnectionId(text)) throw new HttpProblem(404, 'No such tenant', 'A tenant’s id is 1–40 of a–z, 0–9 and -.');
  return asTenantId(text);
}
