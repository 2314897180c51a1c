import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { LaneBatch } from '@tributary/stream';
import { IdentityPipeline } from './identity.pipeline.js';

/** Batches of the app's lane, to its projection. */
@Controller()
export class LanesController {
  constructor(@Inject(IdentityPipeline) private readonly pipeline: IdentityPipeline) {}

  @MessagePattern('graph')
  graph(@Payload() { batch, control }: LaneBatch): Promise<{ readonly nextOffset: number }> {
    return this.pipeline.graph.onBatch(batch, control);
  }
}
