import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import avro, { type Schema, type Type } from 'avsc';
import type { Finding } from './gate.mts';

interface SchemaFile {
  readonly path: string;
  /** `<context>/<record>`: what the versions of one record share. */
  readonly record: string;
  readonly version: number;
  readonly type: Type;
}

const FILE_NAME = /^schemas\/avro\/([a-z0-9-]+\/[a-z0-9-]+)\.v([1-9]\d*)\.avsc$/;
/** What every record but a sealed personal part begins with, in this order. */
const ENVELOPE: readonly (readonly [name: string, type: string])[] = [
  ['eventId', 'string'],
  ['tenantId', 'string'],
  ['connectionId', 'string'],
  ['occurredAt', 'timestamp-millis'],
  ['receivedAt', 'timestamp-millis'],
  ['source', 'string'],
];

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Enums and unions other than `["null", T]`, anywhere in a schema: neither can grow under FULL_TRANSITIVE. */
function unfitTypes(schema: unknown): { rule: string; message: string }[] {
  if (Array.isArray(schema)) {
    const members: unknown[] = schema;
    const isOptional = members.length === 2 && members[0] === 'null' && members[1] !== 'null';
    const own = isOptional
      ? []
      : [{ rule: 'avro-union', message: `the only union is ["null", T]; this is ${JSON.stringify(schema).slice(0, 80)}` }];
    return [...own, ...members.flatMap(unfitTypes)];
  }
  if (!isObject(schema)) return [];
  const own =
    schema['type'] === 'enum'
      ? [{ rule: 'avro-enum', message: `${String(schema['name'])} is an enum and cannot grow: a string with a documented list` }]
      : [];
  const fields = Array.isArray(schema['fields']) ? (schema['fields'] as unknown[]) : [];
  return [...own, ...[schema['type'], schema['items'], schema['values'], ...fields].flatMap(unfitTypes)];
}

const fieldType = (type: unknown): unknown => (isObject(type) ? (type['logicalType'] ?? type['type']) : type);

function envelopeFault(schema: Readonly<Record<string, unknown>>): string | undefined {
  if (String(schema['name']).endsWith('Personal')) return undefined;
  const fields = Array.isArray(schema['fields']) ? (schema['fields'] as unknown[]).filter(isObject) : [];
  const wrong = ENVELOPE.find(([name, type], index) => fields[index]?.['name'] !== name || fieldType(fields[index]['type']) !== type);
  return wrong === undefined ? undefined : `field ${ENVELOPE.indexOf(wrong) + 1} must be ${wrong[0]} (${wrong[1]})`;
}

function readSchema(root: string, path: string): { file?: SchemaFile; findings: Finding[] } {
  const [, record, version] = FILE_NAME.exec(path) ?? [];
  if (record === undefined) {
    return { findings: [{ place: path, rule: 'avro-file-name', message: 'schemas/avro/<context>/<record-in-kebab-case>.v<N>.avsc' }] };
  }
  try {
    const schema: unknown = JSON.parse(readFileSync(join(root, path), 'utf8'));
    const type = avro.Type.forSchema(schema as Schema, { registry: {} });
    if (!isObject(schema) || schema['type'] !== 'record') {
      return { findings: [{ place: path, rule: 'avro-record', message: 'the outermost type is a record' }] };
    }
    const fault = envelopeFault(schema);
    const findings = [...unfitTypes(schema), ...(fault === undefined ? [] : [{ rule: 'avro-envelope', message: fault }])];
    return { file: { path, record, version: Number(version), type }, findings: findings.map((finding) => ({ place: path, ...finding })) };
  } catch (error) {
    return { findings: [{ place: path, rule: 'avro-unreadable', message: messageOf(error) }] };
  }
}

/** FULL_TRANSITIVE: every version reads every other. */
function unreadablePairs(versions: readonly SchemaFile[]): Finding[] {
  const pairs = versions.flatMap((reader) => versions.filter((writer) => writer !== reader).map((writer) => ({ reader, writer })));
  return pairs.flatMap(({ reader, writer }) => {
    try {
      reader.type.createResolver(writer.type);
      return [];
    } catch (error) {
      const newer = reader.version > writer.version ? reader : writer;
      return [
        {
          place: newer.path,
          rule: 'avro-incompatible',
          message: `v${reader.version} cannot read what v${writer.version} wrote: ${messageOf(error)}`,
        },
      ];
    }
  });
}

const missingVersions = (versions: readonly SchemaFile[]): Finding[] =>
  versions.flatMap(({ path, version }, index) =>
    version === index + 1 ? [] : [{ place: path, rule: 'avro-version-gap', message: `there is no v${index + 1}` }],
  );

/** Everything that must hold for the record schemas at `paths`. */
export function avroFindings(root: string, paths: readonly string[]): Finding[] {
  const read = paths.map((path) => readSchema(root, path));
  const files = read.flatMap(({ file }) => file ?? []).toSorted((a, b) => a.version - b.version);
  const records = [...new Set(files.map(({ record }) => record))];
  return [
    ...read.flatMap(({ findings }) => findings),
    ...records.flatMap((record) => {
      const versions = files.filter((file) => file.record === record);
      return [...missingVersions(versions), ...unreadablePairs(versions)];
    }),
  ];
}
