import { z } from 'zod';
import { CHECK_PATHS } from './check/check.openapi.js';
import { CONNECT_PATHS } from './connect/connect.openapi.js';
import { COURIER_PATHS } from './courier/courier.openapi.js';
import { INSTALL_PATHS } from './install/install.openapi.js';
import { INSTANCES_PATHS } from './instances/instances.openapi.js';
import { problemAnswer, problemSchema, type ApiAnswer, type ApiParameter, type ApiRoute } from './openapi-route.js';
import { READING_PATHS } from './reading/reading.openapi.js';
import { TENANTS_PATHS } from './tenants.openapi.js';

type Json = Readonly<Record<string, unknown>>;

const status = z.object({ status: z.literal('ok') });
const health = (path: string, summary: string): ApiRoute => ({
  method: 'get',
  path,
  summary,
  isOpen: true,
  answers: { 200: { description: 'Yes', schema: status }, 503: problemAnswer('No; `reasons` says why') },
});

const OPEN_PATHS: readonly ApiRoute[] = [
  health('/livez', 'Whether the process makes progress'),
  health('/startupz', 'Whether everything that it needs to start is there'),
  health('/readyz', 'Whether every app is ready'),
  {
    method: 'get',
    path: '/metrics',
    summary: 'Metrics in Prometheus’ text format',
    isOpen: true,
    answers: { 200: { description: 'Metrics', schema: z.string(), contentType: 'text/plain' } },
  },
  {
    method: 'get',
    path: '/openapi.json',
    summary: 'This description',
    isOpen: true,
    answers: { 200: { description: 'OpenAPI 3.1', schema: z.record(z.string(), z.unknown()) } },
  },
];

/** Every route of control, by the module that serves it. */
export const ROUTES: readonly ApiRoute[] = [
  ...OPEN_PATHS,
  ...TENANTS_PATHS,
  ...INSTALL_PATHS,
  ...CONNECT_PATHS,
  ...COURIER_PATHS,
  ...CHECK_PATHS,
  ...READING_PATHS,
  ...INSTANCES_PATHS,
];

const EVERYWHERE: Readonly<Record<number, ApiAnswer>> = {
  500: problemAnswer('Our mistake; the log of control says which'),
  503: problemAnswer('Not now; ask again in a moment'),
};
const WITH_TOKEN: Readonly<Record<number, ApiAnswer>> = {
  400: problemAnswer('The request cannot be read'),
  401: problemAnswer('The admin token is missing or wrong'),
};

/** Collects what carries an id into `components`, so that each shape stands in the document once. */
class Shapes {
  readonly components: Record<string, unknown> = {};

  of(schema: z.ZodType): Json {
    const { $schema: _dialect, $defs, ...shape } = z.toJSONSchema(schema, { io: 'input' }) as Record<string, unknown>;
    for (const [name, definition] of Object.entries(($defs ?? {}) as Record<string, Record<string, unknown>>))
      this.define(name, definition);
    const { id } = schema.meta() ?? {};
    if (id === undefined) return rewritten(shape);
    this.define(id, shape);
    return { $ref: `#/components/schemas/${id}` };
  }

  private define(name: string, { $schema: _dialect, id: _id, ...definition }: Record<string, unknown>): void {
    this.components[name] = rewritten(definition);
  }
}

const rewritten = (shape: unknown): Json => JSON.parse(JSON.stringify(shape).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json;

const answerOf = (shapes: Shapes, { description, schema, contentType }: ApiAnswer): Json => {
  if (schema === undefined) return { description };
  const type = contentType ?? (schema === problemSchema ? 'application/problem+json' : 'application/json');
  return { description, content: { [type]: { schema: shapes.of(schema) } } };
};

const parametersOf = (shapes: Shapes, place: 'path' | 'query', parameters: Readonly<Record<string, ApiParameter>> = {}): Json[] =>
  Object.entries(parameters).map(([name, { schema, description }]) => ({
    name,
    in: place,
    required: place === 'path',
    ...(description === undefined ? {} : { description }),
    schema: shapes.of(schema),
  }));

function operationOf(shapes: Shapes, route: ApiRoute): Json {
  const answers = { ...EVERYWHERE, ...(route.isOpen === true ? {} : WITH_TOKEN), ...route.answers };
  return {
    summary: route.summary,
    operationId: `${route.method} ${route.path}`.replaceAll(/[^a-z0-9]+/gi, '-').replaceAll(/^-|-$/g, ''),
    ...(route.isOpen === true ? { security: [] } : {}),
    parameters: [...parametersOf(shapes, 'path', route.pathParameters), ...parametersOf(shapes, 'query', route.queryParameters)],
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: shapes.of(route.body) } } } }),
    responses: Object.fromEntries(Object.entries(answers).map(([code, answer]) => [code, answerOf(shapes, answer)])),
  };
}

/** `/openapi.json`. @see https://spec.openapis.org/oas/v3.1.1.html (read 2026-11-21) */
export function openApiDocument(routes: readonly ApiRoute[]): Json {
  const shapes = new Shapes();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method]: operationOf(shapes, route) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tributary control',
      version: '1',
      description: 'Tenants, their connections, what became of every order, and what a person may do about it.',
    },
    security: [{ adminToken: [] }],
    paths,
    components: { securitySchemes: { adminToken: { type: 'http', scheme: 'bearer' } }, schemas: shapes.components },
  };
}
