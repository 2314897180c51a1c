import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { readInstanceAuthorization, readInstanceBody } from '@tributary/config';
import type { TenantId } from '@tributary/domain';
import { HttpProblem } from '../problem.js';
import { Instances, type InstancesPorts, type InstanceView } from './instances.js';

export const INSTANCES_PORTS = Symbol('instances ports');

const ID = /^\d{1,15}$/;
const NOT_THERE = new HttpProblem(404, 'No such instance', 'The tenant of these keys has no instance of this id.');
const WHO = new HttpProblem(
  401,
  'Who is asking?',
  'Send «Authorization: User <secret>, Organization <secret>»: a pair of keys of a tenant, from POST /v1/tenants/{tenant}/instance-keys.',
);

/** Connections of shops in the shape of Cloud Elements' `POST /instances`. Reached through ingest, which hands requests on as they are. */
@Controller('instances')
export class InstancesController {
  private readonly instances: Instances;

  constructor(@Inject(INSTANCES_PORTS) private readonly ports: InstancesPorts) {
    this.instances = new Instances(ports);
  }

  /** 200: the instance with its token; 400: everything that is wrong with the body; 401: keys of nobody. */
  @Post()
  @HttpCode(200)
  async create(@Headers('authorization') header: string | undefined, @Body() body: unknown): Promise<InstanceView> {
    const { tenantId } = await this.asking(header);
    const reading = readInstanceBody(body);
    const answer = reading.kind === 'refused' ? reading : await this.instances.create(tenantId, reading.request);
    if (answer.kind === 'done') return answer.instance;
    const { problems } = answer;
    const count = `${problems.length} thing${problems.length === 1 ? ' is' : 's are'} wrong`;
    throw new HttpProblem(400, 'This instance cannot be made', `${count}; nothing was changed.`, problems);
  }

  @Get(':id')
  async find(@Headers('authorization') header: string | undefined, @Param('id') id: string): Promise<InstanceView> {
    const { tenantId, number } = await this.asking(header, id);
    const found = await this.instances.find(tenantId, number);
    if (found === undefined) throw NOT_THERE;
    return found;
  }

  /** Its connection is disabled when it was made for it; what is known of the shop stays. */
  @Delete(':id')
  @HttpCode(200)
  async remove(@Headers('authorization') header: string | undefined, @Param('id') id: string): Promise<object> {
    const { tenantId, number } = await this.asking(header, id);
    if (!(await this.instances.remove(tenantId, number))) throw NOT_THERE;
    return {};
  }

  /** The tenant of the keys; where an instance's token is sent along it must be this instance's. */
  private async asking(header: string | undefined, id?: string): Promise<{ readonly tenantId: TenantId; readonly number: number }> {
    const keys = readInstanceAuthorization(header);
    const tenantId = keys === null ? undefined : await this.ports.store.tenantOf(keys.user, keys.organization);
    if (keys === null || tenantId === undefined) throw WHO;
    if (id === undefined) return { tenantId, number: 0 };
    if (!ID.test(id)) throw NOT_THERE;
    const number = Number(id);
    if (keys.element !== null && !(await this.ports.store.hasToken(number, keys.element))) throw WHO;
    return { tenantId, number };
  }
}
