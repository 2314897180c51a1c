import { Module, type DynamicModule } from '@nestjs/common';
import { HealthModule, type Health } from '@tributary/telemetry';
import { LanesController } from './lanes.controller.js';
import { TiktokPipeline } from './tiktok.pipeline.js';

@Module({})
export class TiktokModule {
  static of(pipeline: TiktokPipeline, health: Health): DynamicModule {
    return {
      module: TiktokModule,
      imports: [HealthModule.of(health)],
      controllers: [LanesController],
      providers: [{ provide: TiktokPipeline, useValue: pipeline }],
    };
  }
}
