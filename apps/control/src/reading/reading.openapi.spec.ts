import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { z } from 'zod';
import { ReadingModule } from './reading.module.js';
import { READING_PATHS } from './reading.openapi.js';
import type { ReadingPorts } from './reading.ports.js';

/** Routes are only looked at here, so nothing behind them is asked. */
const PORTS = {} as ReadingPorts;

async function servedRoutes(): Promise<string[]> {
  const adapter = new FastifyAdapter();
  const served: string[] = [];
  adapter.getInstance().addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat())
      if (each !== 'HEAD' && url.startsWith('/v1/')) served.push(`${each} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
  });
  const app = await NestFactory.create(ReadingModule.of(PORTS), adapter, { logger: false });
  await app.init();
  await app.close();
  return served.toSorted();
}

it('describes exactly the routes that are served', async () => {
  expect(READING_PATHS.map(({ method, path }) => `${method.toUpperCase()} ${path}`).toSorted()).toEqual(await servedRoutes());
});

it('names every parameter of a path', () => {
  for (const { path, pathParameters } of READING_PATHS)
    expect([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)).toEqual(Object.keys(pathParameters ?? {}));
});

it('has a JSON schema for everything that goes in and out', () => {
  for (const { queryParameters = {}, body, answers } of READING_PATHS) {
    const schemas = [
      ...Object.values(queryParameters).map(({ schema }) => schema),
      body,
      ...Object.values(answers).map(({ schema }) => schema),
    ];
    for (const schema of schemas) if (schema !== undefined) expect(z.toJSONSchema(schema, { io: 'input' })).toBeDefined();
  }
});
