import { v5 as uuidv5 } from 'uuid';
import type { ProfileId, SubjectId, TenantId } from '../ids.js';

/** Chosen at random once; profile ids hang on it for ever. */
const NAMESPACE = '5f0c7f9a-6a34-4d1b-9d53-0f8d6b1c2e47';

/**
 * The id of the profile that begins with this subject; of a visitor, its anonymous profile.
 * Published and kept for ever: golden vectors in test/fixtures/golden/profile-id.json.
 */
export const profileIdOf = (tenantId: TenantId, first: SubjectId): ProfileId => uuidv5(`${tenantId}:${first}`, NAMESPACE) as ProfileId;
