import { z } from 'zod';

const id = z.string();
const kind = z.string().describe('customer, email, phone or visitor');
const time = z.iso.datetime().describe('RFC 3339, UTC');

const assertion = z
  .object({
    eventId: id,
    basis: z.string().describe('identify, order, registration, purchase-shown'),
    basisEventId: id.nullable().describe('Event id of the observation that showed it'),
    orderKey: z.string().nullable().describe('connection:orderId'),
    subjectIds: z.array(id).readonly().describe('Who was shown together'),
  })
  .meta({ id: 'NamedAssertion' });

const profile = z
  .object({
    profileId: id,
    otherNames: z.array(id).describe('Ids that it, or what was merged into it, had before'),
    isLarge: z.boolean().describe('So many ids that a person should look at it'),
    members: z.array(
      z.object({
        kind,
        subjectId: id,
        since: time,
        until: time.nullable().describe('Of a visitor: since then a shared device'),
        joinedBy: assertion,
        shownBy: assertion.describe('Another one than joinedBy when an order tied a visitor that was shown at another moment'),
        tiedTo: id.nullable().describe('Of a visitor: whom it was seen with'),
      }),
    ),
    merges: z.array(z.object({ joined: z.array(id).readonly().describe('Profiles that were merged into it'), edge: kind, by: assertion })),
    keptApart: z.array(
      z.object({ reason: z.string(), kept: id.describe('Whom the assertion was taken to be about'), dropped: id, by: assertion }),
    ),
  })
  .meta({ id: 'ExplainedProfile' });

export const identitySchema = z
  .object({
    id,
    kind: z.string().describe('Kind of the subject; profile for the id of one'),
    profileId: id.nullable().describe('Whose the next event is; null when nothing was joined'),
    isAnonymous: z.boolean().describe('Of a visitor: nobody’s, or more than one person’s'),
    profiles: z.array(profile).describe('One; of a visitor every one it was seen with'),
  })
  .meta({ id: 'IdentityExplanation' });

export type IdentityExplanation = z.infer<typeof identitySchema>;
