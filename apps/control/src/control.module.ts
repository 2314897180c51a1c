import { Module, type DynamicModule } from '@nestjs/common';
import { HealthModule, type Health } from '@tributary/telemetry';
import { OpenApiController } from './openapi.controller.js';
import { ReadingModule } from './reading/reading.module.js';
import type { ReadingPorts } from './reading/reading.ports.js';
import { TENANTS_PORTS, TenantsController, type TenantsPorts } from './tenants.controller.js';

export interface ControlPorts {
  readonly health: Health;
  readonly tenants: TenantsPorts;
  readonly reading: ReadingPorts;
}

@Module({})
export class ControlModule {
  static of({ health, tenants, reading }: ControlPorts): DynamicModule {
    return {
      module: ControlModule,
      imports: [HealthModule.of(health), ReadingModule.of(reading)],
      controllers: [TenantsController, OpenApiController],
      providers: [{ provide: TENANTS_PORTS, useValue: tenants }],
    };
  }
}
