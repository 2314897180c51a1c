import { Module, type DynamicModule } from '@nestjs/common';
import { HealthModule, type Health } from '@tributary/telemetry';
import { CollectController } from './collector/collect.controller.js';
import { CollectPipeline } from './collector/collect.pipeline.js';
import { ConnectController } from './connect/connect.controller.js';
import { ConnectPipeline } from './connect/connect.pipeline.js';
import { IngestLanes } from './ingest.lanes.js';
import { ControlGate } from './instances/control-gate.js';
import { InstancesController } from './instances/instances.controller.js';
import { WebhookPipeline } from './ingest.pipeline.js';
import { LanesController } from './lanes.controller.js';
import { PageScript } from './page-script.js';
import { PageScriptController } from './page-script.controller.js';
import { WebhookController } from './webhook.controller.js';

@Module({})
export class IngestModule {
  static of(
    pipeline: WebhookPipeline,
    collector: CollectPipeline,
    connect: ConnectPipeline,
    pageScript: PageScript,
    lanes: IngestLanes,
    control: ControlGate,
    health: Health,
  ): DynamicModule {
    return {
      module: IngestModule,
      imports: [HealthModule.of(health)],
      controllers: [WebhookController, CollectController, ConnectController, PageScriptController, InstancesController, LanesController],
      providers: [
        { provide: WebhookPipeline, useValue: pipeline },
        { provide: CollectPipeline, useValue: collector },
        { provide: ConnectPipeline, useValue: connect },
        { provide: PageScript, useValue: pageScript },
        { provide: ControlGate, useValue: control },
        { provide: IngestLanes, useValue: lanes },
      ],
    };
  }
}
