import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { LaneBatch } from '@tributary/stream';
import { IngestLanes } from './ingest.lanes.js';

type Answer = Promise<{ readonly nextOffset: number }>;

/** Batches of the app's lanes, each to its projection. */
@Controller()
export class LanesController {
  constructor(@Inject(IngestLanes) private readonly lanes: IngestLanes) {}

  @MessagePattern('settings')
  settings(@Payload() { batch, control }: LaneBatch): Answer {
    return this.lanes.settings.projection.onBatch(batch, control);
  }

  @MessagePattern('heads')
  heads(@Payload() { batch, control }: LaneBatch): Answer {
    return this.lanes.heads.projection.onBatch(batch, control);
  }

  @MessagePattern('rejections')
  rejections(@Payload() { batch, control }: LaneBatch): Answer {
    return this.lanes.rejections.projection.onBatch(batch, control);
  }

  @MessagePattern('catalog')
  catalog(@Payload() { batch, control }: LaneBatch): Answer {
    return this.lanes.catalog.projection.onBatch(batch, control);
  }
}
