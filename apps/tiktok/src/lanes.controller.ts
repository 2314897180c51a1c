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
    return this.pipeline.projections.settings.onBatch(batch, control);
  }

  @MessagePattern('deliveries')
  deliveries(@Payload() { batch, control }: LaneBatch): Answer {
    return this.pipeline.projections.deliveries.onBatch(batch, control);
  }

  @MessagePattern('visit-deliveries')
  visitDeliveries(@Payload() { batch, control }: LaneBatch): Answer {
    return this.pipeline.visits.projections.visitDeliveries.onBatch(batch, control);
  }

  @MessagePattern('visits')
  visits(@Payload() { batch, control }: LaneBatch): Answer {
    return this.pipeline.visits.projections.visits.onBatch(batch, control);
  }

  @MessagePattern('visitors')
  visitors(@Payload() { batch, control }: LaneBatch): Answer {
    return this.pipeline.buyers.projections.visitors.onBatch(batch, control);
  }

  @MessagePattern('profiles')
  profiles(@Payload() { batch, control }: LaneBatch): Answer {
    return this.pipeline.buyers.projections.profiles.onBatch(batch, control);
  }

  @MessagePattern('shown')
  shown(@Payload() { batch, control }: LaneBatch): Answer {
    return this.pipeline.buyers.projections.shown.onBatch(batch, control);
  }

  @MessagePattern('orders')
  orders(@Payload() { batch, control }: LaneBatch): Answer {
    return this.pipeline.projections.orders.onBatch(batch, control);
  }
}
