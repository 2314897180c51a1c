import { Module, type DynamicModule } from '@nestjs/common';
import { HealthModule, type Health } from '@tributary/telemetry';
import { CHECK_PORTS, CheckController, type CheckPorts } from './check/check.controller.js';
import { CONNECT_PORTS, ConnectController, type ConnectPorts } from './connect/connect.controller.js';
import { COURIER_PORTS, CourierController, type CourierPorts } from './courier/courier.controller.js';
import { INSTALL_PORTS, InstallController, type InstallPorts } from './install/install.controller.js';
import { InstanceKeysController } from './instances/instance-keys.controller.js';
import { INSTANCES_PORTS, InstancesController } from './instances/instances.controller.js';
import type { InstancesPorts } from './instances/instances.js';
import { OpenApiController } from './openapi.controller.js';
import { ReadingModule } from './reading/reading.module.js';
import type { ReadingPorts } from './reading/reading.ports.js';
import { TENANTS_PORTS, TenantsController, type TenantsPorts } from './tenants.controller.js';

export interface ControlPorts {
  readonly health: Health;
  readonly tenants: TenantsPorts;
  readonly install: InstallPorts;
  readonly connect: ConnectPorts;
  readonly courier: CourierPorts;
  readonly check: CheckPorts;
  readonly reading: ReadingPorts;
  readonly instances: InstancesPorts;
}

@Module({})
export class ControlModule {
  static of({ health, tenants, install, connect, courier, check, reading, instances }: ControlPorts): DynamicModule {
    return {
      module: ControlModule,
      imports: [HealthModule.of(health), ReadingModule.of(reading)],
      controllers: [
        TenantsController,
        InstallController,
        ConnectController,
        CourierController,
        CheckController,
        InstancesController,
        InstanceKeysController,
        OpenApiController,
      ],
      providers: [
        { provide: TENANTS_PORTS, useValue: tenants },
        { provide: INSTALL_PORTS, useValue: install },
        { provide: CONNECT_PORTS, useValue: connect },
        { provide: COURIER_PORTS, useValue: courier },
        { provide: CHECK_PORTS, useValue: check },
        { provide: INSTANCES_PORTS, useValue: instances },
      ],
    };
  }
}
