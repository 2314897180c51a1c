import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { avroField, avroRecord, ENVELOPE, type GateRun, plantTree, releaseSchemas, removePlantedTrees, runGates } from './planted-tree.js';

const V1 = 'schemas/avro/commerce/order-observed.v1.avsc';
const SQL = 'schemas/postgres/ingest/001_ingest.sql';
const orderId = avroField('orderId', 'string');
const optional = (name: string) => avroField(name, ['null', 'string'], { default: null });
const versions = (record: string, first: readonly object[], second: readonly object[]): Record<string, string> => ({
  [`schemas/avro/shop/${record}.v1.avsc`]: avroRecord(record, first),
  [`schemas/avro/shop/${record}.v2.avsc`]: avroRecord(record, second),
});

afterAll(removePlantedTrees);

describe('the schema gate on what a schema may hold', () => {
  let run: GateRun;
  beforeAll(async () => {
    const colour = { type: 'enum', name: 'Colour', symbols: ['RED'] };
    const swapped = [ENVELOPE[1], ENVELOPE[0], ...ENVELOPE.slice(2)] as object[];
    const seconds = ENVELOPE.map((each) => (each.name === 'occurredAt' ? avroField('occurredAt', 'long') : each));
    const root = plantTree({
      'schemas/avro/shop/painted.v1.avsc': avroRecord('Painted', [avroField('colours', { type: 'array', items: colour })]),
      'schemas/avro/shop/mixed.v1.avsc': avroRecord('Mixed', [avroField('size', ['string', 'long'])]),
      'schemas/avro/shop/swapped.v1.avsc': avroRecord('Swapped', [orderId], swapped),
      'schemas/avro/shop/unclear-time.v1.avsc': avroRecord('UnclearTime', [orderId], seconds),
      'schemas/avro/shop/order-personal.v1.avsc': avroRecord('OrderPersonal', [orderId], []),
      'schemas/avro/shop/odd-default.v1.avsc': avroRecord('OddDefault', [avroField('size', 'long', { default: 'one' })]),
      'schemas/avro/shop/unversioned.avsc': avroRecord('Unversioned', [orderId]),
      ...versions('grown', [orderId], [orderId, optional('note')]),
      ...versions('required', [orderId], [orderId, avroField('note', 'string')]),
      ...versions('narrowed', [optional('note')], [avroField('note', 'string', { default: '' })]),
      ...versions('retyped', [avroField('size', 'int')], [avroField('size', 'long')]),
      'schemas/avro/shop/late.v2.avsc': avroRecord('Late', [orderId]),
      // v3 and v2, and v2 and v1, read each other; v3 cannot read v1.
      ...versions('stepped', [avroField('size', 'int')], []),
      'schemas/avro/shop/stepped.v3.avsc': avroRecord('stepped', [avroField('size', 'string', { default: '' })]),
    });
    writeFileSync(join(root, 'schemas/avro/shop/stepped.v1.avsc'), avroRecord('stepped', [avroField('size', 'int', { default: 0 })]));
    run = await runGates(root, 'schemas');
  });

  it.each([
    ['an enum', 'painted.v1', 'avro-enum'],
    ['a union of more than null and a type', 'mixed.v1', 'avro-union'],
    ['an envelope in another order', 'swapped.v1', 'avro-envelope'],
    ['a time without its unit', 'unclear-time.v1', 'avro-envelope'],
    ['a default of another type', 'odd-default.v1', 'avro-unreadable'],
    ['a file without a version', 'unversioned', 'avro-file-name'],
    ['a version without the one before', 'late.v2', 'avro-version-gap'],
    ['a new field without a default', 'required.v2', 'avro-incompatible'],
    ['an optional field made required', 'narrowed.v2', 'avro-incompatible'],
    ['a wider number, which old readers cannot read', 'retyped.v2', 'avro-incompatible'],
    ['a version that reads the last one but not the first', 'stepped.v3', 'avro-incompatible'],
  ])('names %s', (_, file, rule) => {
    expect([...new Set(run.broken.get(`schemas/avro/shop/${file}.avsc`))]).toEqual([rule]);
    expect(run.exitCode).toBe(1);
  });

  it('allows a personal part without an envelope and a new field with a default', () => {
    expect(run.broken.size).toBe(11);
  });
});

describe('the schema gate on what was released', () => {
  it('lists files with their hashes and stays green', async () => {
    const root = plantTree();
    expect((await releaseSchemas(root)).output).toContain(V1);
    expect(JSON.parse(readFileSync(join(root, 'schemas/avro/released.json'), 'utf8'))).toEqual({
      [V1]: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect((await runGates(root, 'schemas')).output).toContain('schemas/avro: 1 files, 1 released; schemas/postgres: 1 files, 1 released');
    expect((await releaseSchemas(root)).output).toContain('Everything was released before.');
  });

  it('names a released file that changed or vanished, and releases nothing then', async () => {
    const root = plantTree();
    await releaseSchemas(root);
    writeFileSync(join(root, V1), avroRecord('OrderObserved', [orderId, optional('note')]));
    rmSync(join(root, SQL));
    const run = await runGates(root, 'schemas');
    expect(run.broken).toEqual(
      new Map([
        [V1, ['released-changed']],
        [SQL, ['released-vanished']],
      ]),
    );
    expect(run.output).toContain('<record>.v<N+1>.avsc');
    const released = await releaseSchemas(root);
    expect(released.output).toContain('Nothing was released');
    expect(released.exitCode).toBe(1);
  });

  it('names a released migration that changed', async () => {
    const root = plantTree();
    await releaseSchemas(root);
    writeFileSync(join(root, SQL), 'create table orders (id bigint primary key);\n');
    expect((await runGates(root, 'schemas')).broken).toEqual(new Map([[SQL, ['released-changed']]]));
  });
});
