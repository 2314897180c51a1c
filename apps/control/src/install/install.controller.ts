import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { asTenantId, isTenantOrConnectionId, type TenantId } from '@tributary/domain';
import { INSTALL_FILES, type InstallFile, type ShopInstall } from '@tributary/install-kit';
import type { StoredConnection } from '@tributary/stream';
import type { Vault } from '@tributary/vault';
import { HttpProblem } from '../problem.js';
import { readGiven } from '../reading/reading.parameters.js';
import type { InstallList } from './install.openapi.js';
import { shopInstallOf } from './shop-install.js';

export interface InstallPorts {
  /** Every connection of a tenant in its newest version; empty for an unknown tenant. */
  readonly connections: (tenantId: TenantId) => Promise<readonly StoredConnection[]>;
  readonly vault: Pick<Vault, 'getSecrets'>;
  /** Where browsers reach `ingest`, unless a request says otherwise. */
  readonly collectorUrl: string;
}

export const INSTALL_PORTS = Symbol('install ports');

const isCollector = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { protocol, search, hash, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && [search, hash, username, password].every((part) => part === '');
};

const installQuery = z.strictObject({
  collector: z
    .string()
    .refine(isCollector, 'must be an address such as https://metrics.shop.example, without user, query or #')
    .transform((text) => new URL(text).href.replace(/\/+$/, ''))
    .optional()
    .describe('Where this shop’s browsers reach ingest, such as a name below the shop’s own domain; else PUBLIC_INGEST_URL'),
});

interface Address {
  readonly tenant: string;
  readonly connection: string;
}

/** What a shop installs, with the tenant's own values filled in. */
@Controller('v1/tenants/:tenant/connections/:connection/install')
export class InstallController {
  constructor(@Inject(INSTALL_PORTS) private readonly ports: InstallPorts) {}

  /** The files that there are for this `visits` connection. */
  @Get()
  async list(@Param() address: Address, @Query() query: unknown): Promise<InstallList> {
    await this.installOf(address, query);
    return { items: INSTALL_FILES.map(({ name, contentType, what }) => ({ name, contentType, what })), nextCursor: null };
  }

  /** One of them, to be saved under its name. It holds the write key, so no cache may keep it. */
  @Get(':file')
  async file(@Param() address: Address & { readonly file: string }, @Query() query: unknown, @Res() reply: FastifyReply): Promise<void> {
    const install = await this.installOf(address, query);
    const file = fileCalled(address.file);
    await reply
      .header('content-type', file.contentType)
      .header('content-disposition', `attachment; filename="${file.name}"`)
      .header('cache-control', 'no-store')
      .send(file.write(install));
  }

  private async installOf({ tenant, connection }: Address, query: unknown): Promise<ShopInstall> {
    const { collector = this.ports.collectorUrl } = readGiven(installQuery, query, 'query');
    if (!isTenantOrConnectionId(tenant)) throw notFound('A tenant’s id is 1–40 of a–z, 0–9 and -.');
    const tenantId = asTenantId(tenant);
    const found = await shopInstallOf(await this.ports.connections(tenantId), tenantId, connection, collector, this.ports.vault);
    if ('why' in found) throw notFound(found.why);
    return found;
  }
}

const notFound = (why: string): HttpProblem => new HttpProblem(404, 'Nothing to install', why);

function fileCalled(name: string): InstallFile {
  const file = INSTALL_FILES.find((candidate) => candidate.name === name);
  if (file === undefined) throw notFound(`There are ${INSTALL_FILES.map((candidate) => candidate.name).join(', ')}.`);
  return file;
}
