import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { LaneBatch } from '@tributary/stream';
import { TiktokPipeline } from './tiktok.pipeline.js';

type Answer = Promise<{ readonly nextOffset: number }>;

/** Batches of the app's lanes, each to its projection. */
@Controller()
export class LanesController {
  constructor(@Inject(TiktokPipeline) private readonly pipeline: TiktokPipeline) {}

  @MessagePattern('settings')
  settings(@Payload() { batch, control }: LaneBatch): Answer {
    return this.pipeline.lanes.settings.projection.onBatch(batch, control);
  }

  @MessagePattern('deliveries')
  deliveries(@Payload() { batch, control }: LaneBatch): Answer {
    return this.pipeline.lanes.deliveries.projection.onBatch(batch, control);
  }

  @MessagePattern('visit-deliveries')
  visitDeliveries(@Payload() { batch, control }: LaneBatch): Answer {
    return this.pipeline.visits.lanes.visitDeliveries.projection.onBatch(batch, control);
  }

  @MessagePattern('visits')
  visits(@Payload() { batch, control }: LaneBatch): Answer {
    return this.pipeline.visits.lanes.visits.projection.onBatch(batch, control);
  }

  @MessagePattern('visitors')
  visitors(@Payload() { batch, control }: LaneBatch): Answer {
    return this.pipeline.buyers.lanes.visitors.projection.onBatch(batch, control);
  }

  @MessagePattern('profiles')
  profiles(@Payload() { batch, control }: LaneBatch): Answer {
    return this.pipeline.buyers.lanes.profiles.projection.onBatch(batch, control);
  }

  @MessagePattern('shown')
  shown(@Payload() { batch, control }: LaneBatch): Answer {
    return this.pipeline.buyers.lanes.shown.projection.onBatch(batch, control);
  }

  @MessagePattern('orders')
  orders(@Payload() { batch, control }: LaneBatch): Answer {
    return this.pipeline.lanes.orders.projection.onBatch(batch, control);
  }
}
