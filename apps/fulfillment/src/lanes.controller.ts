import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { LaneBatch } from '@tributary/stream';
import { FulfillmentPipeline } from './fulfillment.pipeline.js';

type Answer = Promise<{ readonly nextOffset: number }>;

/** Batches of the app's three lanes, each to its projection. */
@Controller()
export class LanesController {
  constructor(@Inject(FulfillmentPipeline) private readonly pipeline: FulfillmentPipeline) {}

  @MessagePattern('settings')
  settings(@Payload() { batch, control }: LaneBatch): Answer {
    return this.pipeline.lanes.settings.projection.onBatch(batch, control);
  }

  @MessagePattern('deliveries')
  deliveries(@Payload() { batch, control }: LaneBatch): Answer {
    return this.pipeline.lanes.deliveries.projection.onBatch(batch, control);
  }

  @MessagePattern('orders')
  orders(@Payload() { batch, control }: LaneBatch): Answer {
    return this.pipeline.lanes.orders.projection.onBatch(batch, control);
  }
}
