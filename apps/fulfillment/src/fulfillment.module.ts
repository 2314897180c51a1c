import { Module, type DynamicModule } from '@nestjs/common';
import { HealthModule, type Health } from '@tributary/telemetry';
import { FulfillmentPipeline } from './fulfillment.pipeline.js';
import { LanesController } from './lanes.controller.js';

@Module({})
export class FulfillmentModule {
  static of(pipeline: FulfillmentPipeline, health: Health): DynamicModule {
    return {
      module: FulfillmentModule,
      imports: [HealthModule.of(health)],
      controllers: [LanesController],
      providers: [{ provide: FulfillmentPipeline, useValue: pipeline }],
    };
  }
}
