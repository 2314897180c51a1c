import avro from 'avsc';
import { SCHEMAS } from './schemas.generated.js';

/** Full name of a record that this build knows. */
export type RecordName = keyof typeof SCHEMAS;

/** A message that cannot be read, now or ever. */
export class MalformedRecord extends Error {
  override readonly name = 'MalformedRecord';
}

/** The id in a message's frame is not in the book yet: look it up, add it, read again. */
export class UnknownSchemaId extends Error {
  override readonly name = 'UnknownSchemaId';
  constructor(readonly schemaId: number) {
    super(`schema id ${schemaId} is not known here`);
  }
}

interface Writer {
  readonly record: RecordName;
  /** Undefined when the writer's schema is the reader's. */
  readonly resolver: ReturnType<avro.Type['createResolver']> | undefined;
}

const MAGIC = 0;
const HEADER_BYTES = 5;

/** Records are written here first: avsc’s own buffer holds 1 kB, and writes everything larger twice. Grows with the largest record. */
let scratch = Buffer.allocUnsafeSlow(64 * 1024);

const readers = new Map<RecordName, avro.Type>(
  Object.entries(SCHEMAS).map(([name, schema]) => [name as RecordName, avro.Type.forSchema(schema as unknown as avro.Schema)]),
);

const isKnownRecord = (name: string | undefined): name is RecordName => name !== undefined && name in SCHEMAS;

/** Schema id of a framed message without reading its body. */
export function schemaIdOf(framed: Buffer): number {
  if (framed.length < HEADER_BYTES || framed[0] !== MAGIC) throw new MalformedRecord('not in Confluent wire format');
  return framed.readUInt32BE(1);
}

/** Confluent wire format both ways, with the resolvers of every writer's schema kept (building one costs more than reading a thousand records). */
export class SchemaBook {
  private readonly ids = new Map<RecordName, number>();
  private readonly writers = new Map<number, Writer>();

  /** Says under which id this build's version of `record` is registered. */
  setWriterId(record: RecordName, id: number): void {
    this.ids.set(record, id);
    this.writers.set(id, { record, resolver: undefined });
  }

  /** Adds the schema behind an id met in a message; throws {@link MalformedRecord} when this build cannot read it. */
  addWriter(id: number, schemaJson: string): void {
    const type = avro.Type.forSchema(JSON.parse(schemaJson) as avro.Schema);
    const reader = isKnownRecord(type.name) ? readers.get(type.name) : undefined;
    if (!isKnownRecord(type.name) || reader === undefined)
      throw new MalformedRecord(`record ${type.name ?? 'without a name'} is not known to this build`);
    this.writers.set(id, { record: type.name, resolver: reader.equals(type) ? undefined : reader.createResolver(type) });
  }

  isKnown(id: number): boolean {
    return this.writers.has(id);
  }

  idOf(record: RecordName): number {
    const id = this.ids.get(record);
    if (id === undefined) throw new Error(`no schema id for ${record}: run «tributary schemas register»`);
    return id;
  }

  encode(record: RecordName, value: unknown): Buffer {
    const type = readers.get(record);
    if (type === undefined) throw new Error(`no schema for ${record}`);
    let end = type.encode(value, scratch, HEADER_BYTES);
    if (end < 0) {
      scratch = Buffer.allocUnsafeSlow(2 * (scratch.length - end));
      end = type.encode(value, scratch, HEADER_BYTES);
    }
    const framed = Buffer.allocUnsafe(end);
    scratch.copy(framed, 0, 0, end);
    framed[0] = MAGIC;
    framed.writeUInt32BE(this.idOf(record), 1);
    return framed;
  }

  /** Which record a framed message is, without reading its body. Throws {@link UnknownSchemaId} or {@link MalformedRecord}. */
  recordOf(framed: Buffer): RecordName {
    const id = schemaIdOf(framed);
    const writer = this.writers.get(id);
    if (writer === undefined) throw new UnknownSchemaId(id);
    return writer.record;
  }

  /** Throws {@link UnknownSchemaId} or {@link MalformedRecord}. */
  decode(framed: Buffer): { readonly record: RecordName; readonly value: unknown } {
    const id = schemaIdOf(framed);
    const writer = this.writers.get(id);
    if (writer === undefined) throw new UnknownSchemaId(id);
    const reader = readers.get(writer.record);
    try {
      return { record: writer.record, value: reader?.fromBuffer(framed.subarray(HEADER_BYTES), writer.resolver) };
    } catch (error) {
      throw new MalformedRecord(`body does not fit ${writer.record}`, { cause: error });
    }
  }
}

/** Whether records written with either schema (JSON texts) can be read with the other: what FULL compatibility asks. */
export function canReadEachOther(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => avro.Type.forSchema(JSON.parse(text) as avro.Schema));
  if (a === undefined || b === undefined) return false;
  try {
    a.createResolver(b);
    b.createResolver(a);
    return true;
  } catch {
    return false;
  }
}

/** JSON text of the schema as registered. */
export const schemaText = (record: string): string => {
  if (!isKnownRecord(record)) throw new Error(`no schema for ${record}`);
  return JSON.stringify(SCHEMAS[record]);
};
