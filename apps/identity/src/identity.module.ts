import { Module, type DynamicModule } from '@nestjs/common';
import { HealthModule, type Health } from '@tributary/telemetry';
import { IdentityPipeline } from './identity.pipeline.js';
import { LanesController } from './lanes.controller.js';

@Module({})
export class IdentityModule {
  static of(pipeline: IdentityPipeline, health: Health): DynamicModule {
    return {
      module: IdentityModule,
      imports: [HealthModule.of(health)],
      controllers: [LanesController],
      providers: [{ provide: IdentityPipeline, useValue: pipeline }],
    };
  }
}
