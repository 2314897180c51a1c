import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asSubjectId, asTenantId } from '../ids.js';
import { profileIdOf } from './profile-id.js';

interface GoldenProfileId {
  readonly tenantId: string;
  readonly first: string;
  readonly profileId: string;
}

const golden = JSON.parse(
  readFileSync(join(__dirname, '../../../../test/fixtures/golden/profile-id.json'), 'utf8'),
) as readonly GoldenProfileId[];

it.each(golden)('the profile of $tenantId that begins with $first is $profileId for ever', ({ tenantId, first, profileId }) => {
  expect(profileIdOf(asTenantId(tenantId), asSubjectId(first))).toBe(profileId);
});

it('the same subject id in another tenant is another profile', () => {
  const ids = new Set(golden.map(({ profileId }) => profileId));
  expect(golden.length).toBeGreaterThanOrEqual(4);
  expect(ids.size).toBe(golden.length);
});
