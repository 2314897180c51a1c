import { Module, type DynamicModule } from '@nestjs/common';
import { AlertsController } from './alerts.controller.js';
import { DeliveriesController } from './deliveries.controller.js';
import { ExplanationReader } from './explanation-reader.js';
import { ledgerReaders } from './ledger-readers.js';
import { OrderReader } from './order-reader.js';
import { OrdersController } from './orders.controller.js';
import type { ReadingPorts } from './reading.ports.js';
import { RejectedController } from './rejected.controller.js';
import { IdentityController } from './identity.controller.js';
import { ImportsController } from './imports.controller.js';
import { ReportController } from './report.controller.js';
import { StatusController } from './status.controller.js';
import { LEDGER_READERS, READING_PORTS } from './reading.tokens.js';
import { VisitsController } from './visits.controller.js';

/** Orders, explanations, deliveries, refused payloads, alerts, and the two things a person may ask an app to do. */
@Module({})
export class ReadingModule {
  static of(ports: ReadingPorts): DynamicModule {
    const ledgers = ledgerReaders(ports);
    const orders = new OrderReader(ports, ledgers);
    return {
      module: ReadingModule,
      controllers: [
        OrdersController,
        DeliveriesController,
        VisitsController,
        ReportController,
        StatusController,
        RejectedController,
        ImportsController,
        AlertsController,
        IdentityController,
      ],
      providers: [
        { provide: READING_PORTS, useValue: ports },
        { provide: LEDGER_READERS, useValue: ledgers },
        { provide: OrderReader, useValue: orders },
        { provide: ExplanationReader, useValue: new ExplanationReader(ports, ledgers, orders) },
      ],
    };
  }
}
