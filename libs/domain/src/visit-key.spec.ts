import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asSubjectId, asTenantId } from './ids.js';
import { partitionOf } from './partition.js';
import { visitKey } from './visit.events.js';

interface GoldenVisitKey {
  readonly tenantId: string;
  readonly visitor: string | null;
  readonly eventId: string;
  readonly key: string;
  readonly of12: number;
  readonly of48: number;
}

const golden = JSON.parse(
  readFileSync(join(__dirname, '../../../test/fixtures/golden/visit-key.json'), 'utf8'),
) as readonly GoldenVisitKey[];

it.each(golden)('the key of $tenantId, $visitor, $eventId is $key for ever', ({ tenantId, visitor, eventId, key, of12, of48 }) => {
  const made = visitKey({ tenantId: asTenantId(tenantId), visitor: visitor === null ? null : asSubjectId(visitor), eventId });
  expect([made, partitionOf(made, 12), partitionOf(made, 48)]).toEqual([key, of12, of48]);
});
