import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { LaneBatch } from '@tributary/stream';
import { IdentityPipeline } from './identity.pipeline.js';

type Answer = Promise<{ readonly nextOffset: number }>;

/** Batches of the app's two lanes, each to its projection. */
@Controller()
export class LanesController {
  constructor(@Inject(IdentityPipeline) private readonly pipeline: IdentityPipeline) {}

  @MessagePattern('graph')
  graph(@Payload() { batch, control }: LaneBatch): Answer {
    return this.pipeline.lanes.graph.projection.onBatch(batch, control);
  }

  @MessagePattern('visits')
  visits(@Payload() { batch, control }: LaneBatch): Answer {
    return this.pipeline.lanes.visits.projection.onBatch(batch, control);
  }
}
