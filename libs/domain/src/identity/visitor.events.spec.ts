import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asSubjectId, asTenantId, isTenantOrConnectionId, type ProfileId } from '../ids.js';
import { partitionOf } from '../partition.js';
import { profileKey } from './profile.events.js';
import { forgottenVisitor, visitorKey, visitsAppliedKey } from './visitor.events.js';

const read = <Golden>(name: string): Golden =>
  JSON.parse(readFileSync(join(__dirname, '../../../../test/fixtures/golden', name), 'utf8')) as Golden;

interface GoldenKeys {
  readonly profiles: readonly {
    readonly tenantId: string;
    readonly id: string;
    readonly key: string;
    readonly of12: number;
    readonly of48: number;
  }[];
  readonly progress: readonly { readonly partition: number; readonly key: string }[];
}
const golden = read<GoldenKeys>('identity-keys.json');
const visits = read<readonly { tenantId: string; visitor: string | null; key: string }[]>('visit-key.json');

it.each(golden.profiles)('the key of profile $id of $tenantId is $key for ever', ({ tenantId, id, key, of12, of48 }) => {
  const made = profileKey({ tenantId: asTenantId(tenantId), profileId: id as ProfileId });
  expect([made, partitionOf(made, 12), partitionOf(made, 48)]).toEqual([key, of12, of48]);
});

it('a visitor’s key is its visits’ key, so both lie in partitions of one number', () => {
  const named = visits.flatMap(({ tenantId, visitor, key }) => (visitor === null ? [] : [{ tenantId, visitor, key }]));
  expect(named.length).toBeGreaterThanOrEqual(3);
  for (const { tenantId, visitor, key } of named)
    expect(visitorKey({ tenantId: asTenantId(tenantId), visitor: asSubjectId(visitor) })).toBe(key);
});

it.each(golden.progress)('the progress of partition $partition stands under $key for ever', ({ partition, key }) => {
  expect(visitsAppliedKey(partition)).toBe(key);
});

it('progress is never taken for a tenant’s, nor its tombstone for a visitor', () => {
  const key = visitsAppliedKey(3);
  expect([isTenantOrConnectionId(key.split(':')[0] ?? ''), forgottenVisitor(key), forgottenVisitor('nothing')]).toEqual([
    false,
    null,
    null,
  ]);
});

it('a tombstone names the visitor of its key', () => {
  const visitor = { tenantId: asTenantId('acme'), visitor: asSubjectId('7c9e6679-7425-40de-944b-e07fc1f90ae7') };
  expect(forgottenVisitor(visitorKey(visitor))).toEqual({ type: 'VisitorForgotten', ...visitor });
});
