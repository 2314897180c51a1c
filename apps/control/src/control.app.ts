import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { RouteOptions } from 'fastify';
import type { Secret } from '@tributary/config';
import type { Log } from '@tributary/telemetry';
import { requireAdminToken } from './admin-auth.js';
import { ControlModule, type ControlPorts } from './control.module.js';
import { ProblemFilter } from './problem.filter.js';

const MAX_BODY_BYTES = 2 * 1024 * 1024;

export interface ControlAppOptions {
  readonly adminToken: Secret;
  readonly log: Log;
  /** Told of every route that is served. */
  readonly onRoute?: (route: RouteOptions) => void;
}

/** The HTTP side of control, not yet listening. */
export async function createControlApp(
  ports: ControlPorts,
  { adminToken, log, onRoute }: ControlAppOptions,
): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(ControlModule.of(ports), new FastifyAdapter({ bodyLimit: MAX_BODY_BYTES }), {
    logger: false,
  });
  const fastify = app.getHttpAdapter().getInstance();
  if (onRoute !== undefined) fastify.addHook('onRoute', onRoute);
  requireAdminToken(fastify, adminToken);
  app.useGlobalFilters(new ProblemFilter(log));
  return app;
}
