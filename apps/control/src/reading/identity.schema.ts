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

const evidence = z
  .object({
    firstSeen: time,
    lastSeen: time,
    consents: z.array(
      z.object({
        at: time,
        answer: z.string(),
        isAnswer: z.boolean().describe('The visitor answered then; else a visit found it in force'),
      }),
    ),
    visits: z.array(
      z.object({
        eventId: id,
        at: time,
        shows: z.array(z.string()).readonly().describe('ip, locale, ttclid, ttp, url, userAgent; values stay sealed'),
        click: z.string().nullable().describe('Equal for equal click ids'),
      }),
    ),
  })
  .meta({ id: 'VisitorEvidence' });

const reason = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/)
  .default('operator')
  .describe('A code of your own, kept with the decision; no names');
const subjectId = z.uuid().describe('A subject’s id');

export const blockBody = z.strictObject({ reason });
export const cutBody = z.strictObject({ one: subjectId, other: subjectId, reason });
export const decidedSchema = z
  .object({ outcome: z.enum(['done', 'asked']).describe('done: in the log; the graph follows within moments') })
  .meta({ id: 'IdentityDecision' });

export const identitySchema = z
  .object({
    id,
    kind: z.string().describe('Kind of the subject; profile for the id of one'),
    profileId: id.nullable().describe('Whose the next event is; null when nothing was joined'),
    isAnonymous: z.boolean().describe('Of a visitor: nobody’s, or more than one person’s'),
    profiles: z.array(profile).describe('One; of a visitor every one it was seen with'),
    standing: z
      .object({
        isBlocked: z.boolean().describe('An operator decided that it joins nobody'),
        isQuarantined: z.boolean().describe('Shown with so many others that it is nobody’s own'),
        cutFrom: z.array(id).readonly().describe('Operators decided that these are other people’s'),
      })
      .nullable()
      .describe('Of a subject'),
    evidence: evidence.nullable().describe('Of a visitor'),
  })
  .meta({ id: 'IdentityExplanation' });

export type IdentityExplanation = z.infer<typeof identitySchema>;
export type IdentityDecision = z.infer<typeof decidedSchema>;
