import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ExplanationReader } from './explanation-reader.js';
import type { OrderName } from './ledger-reader.js';
import { OrderReader } from './order-reader.js';
import { knownTenant, nothingHere, readGiven } from './reading.parameters.js';
import type { ReadingPorts } from './reading.ports.js';
import { READING_PORTS } from './reading.tokens.js';
import { orderQuery, type Order, type OrderExplanation } from './reading.schema.js';

const UNKNOWN_ORDER =
  'No connection of this name has sent an order with this id. Webhooks that could not be used are listed at …/rejected; orders from before the shop’s horizon come in when they change, or by an import.';

/** One order: what is known of it, and what became of it. */
@Controller('v1/tenants/:tenant/orders/:connection/:orderId')
export class OrdersController {
  constructor(
    @Inject(READING_PORTS) private readonly ports: ReadingPorts,
    @Inject(OrderReader) private readonly orders: OrderReader,
    @Inject(ExplanationReader) private readonly explanations: ExplanationReader,
  ) {}

  /** The order as folded, and its records from the log unless `observations=false`. 404: never seen; 503: the log cannot be read now. */
  @Get()
  async order(@Param() address: Address, @Query() query: unknown): Promise<Order> {
    const { observations } = readGiven(orderQuery, query, 'query');
    const name = await this.nameOf(address);
    const found = await this.orders.find(name);
    if (found === null) throw nothingHere(UNKNOWN_ORDER);
    const [tracking, log] = await Promise.all([this.orders.tracking(name), observations ? this.orders.log(name) : []]);
    return this.orders.answer(name, found, tracking, log);
  }

  /**
   * Every observation, the fold, and per destination what was decided, sent and answered, in words and as data. `observations=false`
   * leaves out what only the log has: observations and requests. 404: never seen; 503: the log cannot be read now.
   */
  @Get('explanation')
  async explanation(@Param() address: Address, @Query() query: unknown): Promise<OrderExplanation> {
    const { observations } = readGiven(orderQuery, query, 'query');
    const explained = await this.explanations.explain(await this.nameOf(address), { withLog: observations });
    if (explained === null) throw nothingHere(UNKNOWN_ORDER);
    return explained;
  }

  private async nameOf({ tenant, connection, orderId }: Address): Promise<OrderName> {
    return { tenantId: await knownTenant(this.ports.sql, tenant), connectionId: connection, orderId };
  }
}

interface Address {
  readonly tenant: string;
  readonly connection: string;
  readonly orderId: string;
}
