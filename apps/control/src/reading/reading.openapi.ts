import { z } from 'zod';
import { problemAnswer, type ApiRoute } from '../openapi-route.js';
import { blockBody, cutBody, decidedSchema, identitySchema } from './identity.schema.js';
import { reportQuery, reportSchema } from './report.schema.js';
import { statusSchema } from './status.schema.js';
import { visitSchema } from './visits.schema.js';
import {
  alertSchema,
  deliveriesQuery,
  deliverySchema,
  explanationSchema,
  ID_SCHEMA,
  importAskedSchema,
  importBody,
  importSchema,
  orderQuery,
  orderSchema,
  pageQuery,
  rejectedOneSchema,
  rejectedQuery,
  rejectedSchema,
  resubmitBody,
  resubmittedPageSchema,
  resubmittedSchema,
  resumedSchema,
  retriedSchema,
  retryBody,
  triedSchema,
  tryBody,
} from './reading.schema.js';

const tenant = { tenant: { schema: ID_SCHEMA, description: 'The tenant’s id' } };
const rejected = { ...tenant, id: { schema: z.string(), description: 'eventId of the list' } };
const anImport = { ...tenant, id: { schema: z.string(), description: 'From the list of imports' } };
const order = { ...tenant, connection: { schema: ID_SCHEMA, description: 'The shop’s connection' }, orderId: { schema: z.string() } };

const parametersOf = (query: z.ZodObject): NonNullable<ApiRoute['queryParameters']> =>
  Object.fromEntries(
    Object.entries(query.shape).map(([name, schema]) => [name, { schema: schema as z.ZodType, ...described(schema as z.ZodType) }]),
  );
const described = ({ description }: z.ZodType): { description?: string } => (description === undefined ? {} : { description });

const listOf = (description: string, items: z.ZodType): ApiRoute['answers'][number] => ({
  description,
  schema: z.object({ items: z.array(items), nextCursor: z.string().nullable().describe('null on the last page') }),
});

const importAnswers = (done: string, unknown: string): ApiRoute['answers'] => ({
  200: { description: done, schema: importAskedSchema },
  202: { description: 'Asked; ingest has not done it within 5 s', schema: importAskedSchema },
  404: problemAnswer(unknown),
  409: problemAnswer('Refused, with the reason'),
});

const decided: ApiRoute['answers'] = {
  200: { description: 'Decided', schema: decidedSchema },
  202: { description: 'Asked; ingest has not done it within 5 s', schema: decidedSchema },
  404: problemAnswer('Never seen'),
  409: problemAnswer('Refused, with the reason'),
};
const subject = { ...tenant, id: { schema: z.string(), description: 'A subject’s id' } };

/** The routes of the reading side, as `/openapi.json` tells them. */
export const READING_PATHS: readonly ApiRoute[] = [
  {
    method: 'get',
    path: '/v1/tenants/{tenant}/orders/{connection}/{orderId}',
    summary: 'One order as folded, with its records from the log',
    pathParameters: order,
    queryParameters: parametersOf(orderQuery),
    answers: { 200: { description: 'The order', schema: orderSchema }, 404: problemAnswer('Never seen') },
  },
  {
    method: 'get',
    path: '/v1/tenants/{tenant}/orders/{connection}/{orderId}/explanation',
    summary: 'What became of one order and why, in words and as data',
    pathParameters: order,
    queryParameters: parametersOf(orderQuery),
    answers: { 200: { description: 'The explanation', schema: explanationSchema }, 404: problemAnswer('Never seen') },
  },
  {
    method: 'get',
    path: '/v1/tenants/{tenant}/identity/{id}',
    summary: 'Who a subject or profile id belongs to, and which assertion joined what',
    pathParameters: { ...tenant, id: { schema: z.string(), description: 'A subject’s or profile’s id' } },
    answers: { 200: { description: 'The explanation', schema: identitySchema }, 404: problemAnswer('Never seen') },
  },
  {
    method: 'post',
    path: '/v1/tenants/{tenant}/identity/{id}/block',
    summary: 'This value joins nobody: what it joined is taken back',
    pathParameters: subject,
    body: blockBody,
    answers: decided,
  },
  {
    method: 'post',
    path: '/v1/tenants/{tenant}/identity/{id}/unblock',
    summary: 'It may join again',
    pathParameters: subject,
    body: blockBody,
    answers: decided,
  },
  {
    method: 'post',
    path: '/v1/tenants/{tenant}/identity/cut',
    summary: 'These two are not the same person’s: what joined them is taken back',
    pathParameters: tenant,
    body: cutBody,
    answers: decided,
  },
  {
    method: 'post',
    path: '/v1/tenants/{tenant}/identity/uncut',
    summary: 'They may be the same person’s again',
    pathParameters: tenant,
    body: cutBody,
    answers: decided,
  },
  {
    method: 'get',
    path: '/v1/tenants/{tenant}/visits/{eventId}',
    summary: 'What became of one visit at each destination',
    pathParameters: { ...tenant, eventId: { schema: z.string(), description: 'The event id that the browser gave it' } },
    answers: { 200: { description: 'What became of it', schema: visitSchema }, 404: problemAnswer('Never part of a request, or too old') },
  },
  {
    method: 'get',
    path: '/v1/tenants/{tenant}/report',
    summary: 'Orders against conversions by state and reason with money totals, and the match keys that were sent',
    pathParameters: tenant,
    queryParameters: parametersOf(reportQuery),
    answers: { 200: { description: 'The report', schema: reportSchema }, 404: problemAnswer('No such tenant') },
  },
  {
    method: 'get',
    path: '/v1/tenants/{tenant}/status',
    summary: 'How each shop is doing, at a glance',
    pathParameters: tenant,
    answers: { 200: listOf('Every shop that is not disabled', statusSchema), 404: problemAnswer('No such tenant') },
  },
  {
    method: 'get',
    path: '/v1/tenants/{tenant}/deliveries',
    summary: 'What was decided, sent and answered; newest first',
    pathParameters: tenant,
    queryParameters: parametersOf(deliveriesQuery),
    answers: { 200: listOf('A page of deliveries', deliverySchema), 404: problemAnswer('No such tenant') },
  },
  {
    method: 'post',
    path: '/v1/tenants/{tenant}/deliveries/{id}/retry',
    summary: 'Another try for one delivery',
    pathParameters: { ...tenant, id: { schema: z.string(), description: 'From the list of deliveries' } },
    body: retryBody,
    answers: {
      200: { description: 'Done', schema: retriedSchema },
      202: { description: 'Asked; the app has not done it within 5 s', schema: retriedSchema },
      404: problemAnswer('No such delivery'),
      409: problemAnswer('Refused, with the reason'),
    },
  },
  {
    method: 'post',
    path: '/v1/tenants/{tenant}/connections/{connection}/resume',
    summary: 'Set a parked destination going again',
    pathParameters: { ...tenant, connection: { schema: ID_SCHEMA, description: 'The destination’s connection' } },
    answers: {
      200: { description: 'Done', schema: resumedSchema },
      202: { description: 'Asked; the app has not done it within 5 s', schema: resumedSchema },
      404: problemAnswer('No such destination'),
      409: problemAnswer('Refused, with the reason'),
    },
  },
  {
    method: 'post',
    path: '/v1/tenants/{tenant}/connections/{connection}/test',
    summary: 'Send one order’s event in the vendor’s test mode, at once; it is counted nowhere',
    pathParameters: { ...tenant, connection: { schema: ID_SCHEMA, description: 'The destination’s connection' } },
    body: tryBody,
    answers: {
      200: { description: 'Sent, with the vendor’s answer', schema: triedSchema },
      202: { description: 'Asked; the app has not done it within 15 s', schema: triedSchema },
      404: problemAnswer('No such destination'),
      409: problemAnswer('Refused, with the reason'),
    },
  },
  {
    method: 'get',
    path: '/v1/tenants/{tenant}/rejected',
    summary: 'Payloads that could not be used; newest first',
    pathParameters: tenant,
    queryParameters: parametersOf(rejectedQuery),
    answers: { 200: listOf('A page of refused payloads', rejectedSchema), 404: problemAnswer('No such tenant') },
  },
  {
    method: 'get',
    path: '/v1/tenants/{tenant}/rejected/{id}',
    summary: 'One of them with its payload’s shape, personal values described instead of shown',
    pathParameters: rejected,
    answers: { 200: { description: 'The refused payload', schema: rejectedOneSchema }, 404: problemAnswer('No such payload') },
  },
  {
    method: 'post',
    path: '/v1/tenants/{tenant}/rejected/{id}/resubmit',
    summary: 'Read one again, as this release and the present settings read it',
    pathParameters: rejected,
    answers: {
      200: { description: 'Done, with what became of it', schema: resubmittedSchema },
      202: { description: 'Asked; ingest has not done it within 20 s', schema: resubmittedSchema },
      404: problemAnswer('No such payload'),
      409: problemAnswer('Refused, with the reason'),
    },
  },
  {
    method: 'post',
    path: '/v1/tenants/{tenant}/rejected/resubmit',
    summary: 'Read a page of them again: those that are still rejected and fit the filter',
    pathParameters: tenant,
    body: resubmitBody,
    answers: {
      200: { description: 'Done, with what became of each', schema: resubmittedPageSchema },
      202: { description: 'Asked; ingest has not done it within 20 s', schema: resubmittedPageSchema },
      404: problemAnswer('No such tenant'),
      409: problemAnswer('Refused, with the reason'),
    },
  },
  {
    method: 'get',
    path: '/v1/tenants/{tenant}/imports',
    summary: 'Imports of shops’ histories; newest first',
    pathParameters: tenant,
    queryParameters: parametersOf(pageQuery),
    answers: { 200: listOf('A page of imports', importSchema), 404: problemAnswer('No such tenant') },
  },
  {
    method: 'post',
    path: '/v1/tenants/{tenant}/imports',
    summary: 'Begin to import a shop’s history; one at a time per shop, sends nothing',
    pathParameters: tenant,
    body: importBody,
    answers: importAnswers('It runs', 'No such tenant'),
  },
  {
    method: 'get',
    path: '/v1/tenants/{tenant}/imports/{id}',
    summary: 'One import and how far it is',
    pathParameters: anImport,
    answers: { 200: { description: 'The import', schema: importSchema }, 404: problemAnswer('No such import') },
  },
  {
    method: 'post',
    path: '/v1/tenants/{tenant}/imports/{id}/stop',
    summary: 'Stop an import where it is',
    pathParameters: anImport,
    answers: importAnswers('It does not run any more', 'No such import'),
  },
  {
    method: 'post',
    path: '/v1/tenants/{tenant}/imports/{id}/resume',
    summary: 'Go on with a stopped import where it was',
    pathParameters: anImport,
    answers: importAnswers('It runs', 'No such import'),
  },
  {
    method: 'get',
    path: '/v1/tenants/{tenant}/alerts',
    summary: 'Open alerts of one tenant; newest first',
    pathParameters: tenant,
    answers: { 200: listOf('Open alerts', alertSchema), 404: problemAnswer('No such tenant') },
  },
  {
    method: 'get',
    path: '/v1/alerts',
    summary: 'Open alerts of all tenants; newest first',
    answers: { 200: listOf('Open alerts', alertSchema) },
  },
];
