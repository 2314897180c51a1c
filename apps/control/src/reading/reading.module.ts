import { Module, type DynamicModule } from '@nestjs/common';
import { READING_PORTS, type ReadingPorts } from './reading.ports.js';

/** Orders, explanations, deliveries, rejected payloads, alerts, and the two things a person may ask an app to do. */
@Module({})
export class ReadingModule {
  static of(ports: ReadingPorts): DynamicModule {
    return { module: ReadingModule, controllers: [], providers: [{ provide: READING_PORTS, useValue: ports }] };
  }
}
