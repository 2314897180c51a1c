import { Controller, Get, Inject, Param } from '@nestjs/common';
import { inUtc, inUtcOrNull, type ExplainedProfile } from '@tributary/domain';
import { findIdentity } from '@tributary/stream';
import type { IdentityExplanation } from './identity.schema.js';
import { knownTenant, nothingHere } from './reading.parameters.js';
import type { ReadingPorts } from './reading.ports.js';
import { READING_PORTS } from './reading.tokens.js';

const UNKNOWN_ID =
  'The identity graph has never seen this id. It takes subject ids, as topics and explanations show them, and profile ids.';

const toAnswer = ({
  profileId,
  otherNames,
  isLarge,
  members,
  merges,
  keptApart,
}: ExplainedProfile): IdentityExplanation['profiles'][number] => ({
  profileId,
  otherNames: [...otherNames],
  isLarge,
  members: members.map(({ kind, subjectId, sinceMs, untilMs, joinedBy, shownBy, tiedTo }) => ({
    kind,
    subjectId,
    since: inUtc(sinceMs),
    until: inUtcOrNull(untilMs),
    joinedBy,
    shownBy,
    tiedTo,
  })),
  merges: [...merges],
  keptApart: [...keptApart],
});

/** Who an id belongs to, and which assertion joined what. */
@Controller('v1/tenants/:tenant/identity')
export class IdentityController {
  constructor(@Inject(READING_PORTS) private readonly ports: ReadingPorts) {}

  /** A subject (mail, phone, visitor, customer) or a profile by its id, also by one that it had before. 404: never seen. */
  @Get(':id')
  async explanation(@Param('tenant') tenant: string, @Param('id') id: string): Promise<IdentityExplanation> {
    const found = await findIdentity(this.ports.sql, await knownTenant(this.ports.sql, tenant), id);
    if (found === null) throw nothingHere(UNKNOWN_ID);
    const { kind, profileId, isAnonymous, profiles } = found;
    return { id, kind, profileId, isAnonymous, profiles: profiles.map(toAnswer) };
  }
}
