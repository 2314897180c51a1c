import { Body, Controller, Get, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { inUtc, inUtcOrNull, type ExplainedProfile, type TenantId, type VisitorRow } from '@tributary/domain';
import { findIdentity, subjectKindOf, type AppCommand, type DecidedSubject } from '@tributary/stream';
import { applied } from './applied-command.js';
import { blockBody, cutBody, type IdentityDecision, type IdentityExplanation } from './identity.schema.js';
import { knownTenant, nothingHere, readGiven } from './reading.parameters.js';
import type { ReadingPorts } from './reading.ports.js';
import { READING_PORTS } from './reading.tokens.js';

const UNKNOWN_ID =
  'The identity graph has never seen this id. It takes subject ids, as topics and explanations show them, and profile ids.';

const UNKNOWN_SUBJECT = 'The identity graph has never seen this subject. It takes the ids of subjects, not of profiles.';

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

const toEvidence = ({ firstSeenAt, lastSeenAt, consents, parts }: VisitorRow): NonNullable<IdentityExplanation['evidence']> => ({
  firstSeen: inUtc(firstSeenAt),
  lastSeen: inUtc(lastSeenAt),
  consents: consents.map(({ at, answer, isAnswer }) => ({ at: inUtc(at), answer, isAnswer })),
  visits: parts.map(({ eventId, at, fields, clickMark }) => ({ eventId, at: inUtc(at), shows: fields, click: clickMark })),
});

const INGEST = { app: 'ingest', withinMs: 5_000 };

/** Who an id belongs to, and which assertion joined what; and what operators decide of it. */
@Controller('v1/tenants/:tenant/identity')
export class IdentityController {
  constructor(@Inject(READING_PORTS) private readonly ports: ReadingPorts) {}

  /** A subject (mail, phone, visitor, customer) or a profile by its id, also by one that it had before. 404: never seen. */
  @Get(':id')
  async explanation(@Param('tenant') tenant: string, @Param('id') id: string): Promise<IdentityExplanation> {
    const found = await findIdentity(this.ports.sql, await knownTenant(this.ports.sql, tenant), id);
    if (found === null) throw nothingHere(UNKNOWN_ID);
    const { kind, profileId, isAnonymous, profiles, standing, evidence } = found;
    return {
      id,
      kind,
      profileId,
      isAnonymous,
      profiles: profiles.map(toAnswer),
      standing,
      evidence: evidence === null ? null : toEvidence(evidence),
    };
  }

  /** This value joins nobody. 200: in the log; 202: asked, not done within 5 s; 404: never seen. */
  @Post(':id/block')
  @HttpCode(200)
  block(@Param() address: Address, @Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply): Promise<IdentityDecision> {
    return this.decideOn(address, true, body, reply);
  }

  /** It may join again. */
  @Post(':id/unblock')
  @HttpCode(200)
  unblock(@Param() address: Address, @Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply): Promise<IdentityDecision> {
    return this.decideOn(address, false, body, reply);
  }

  /** These two are not the same person's. 200: in the log; 202: asked, not done within 5 s; 404: one was never seen. */
  @Post('cut')
  @HttpCode(200)
  cut(@Param('tenant') tenant: string, @Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply): Promise<IdentityDecision> {
    return this.decideOnTwo(tenant, true, body, reply);
  }

  /** They may be again. */
  @Post('uncut')
  @HttpCode(200)
  uncut(
    @Param('tenant') tenant: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<IdentityDecision> {
    return this.decideOnTwo(tenant, false, body, reply);
  }

  private async decideOn({ tenant, id }: Address, isBlocked: boolean, body: unknown, reply: FastifyReply): Promise<IdentityDecision> {
    const { reason } = readGiven(blockBody, body, 'body');
    const tenantId = await knownTenant(this.ports.sql, tenant);
    const subject = await this.subject(tenantId, id);
    return this.ask(tenantId, { kind: 'block-identifier', payload: { isBlocked, subject, reason } }, reply);
  }

  private async decideOnTwo(tenant: string, isCut: boolean, body: unknown, reply: FastifyReply): Promise<IdentityDecision> {
    const { one, other, reason } = readGiven(cutBody, body, 'body');
    const tenantId = await knownTenant(this.ports.sql, tenant);
    const both = { one: await this.subject(tenantId, one), other: await this.subject(tenantId, other) };
    return this.ask(tenantId, { kind: 'cut-edge', payload: { isCut, ...both, reason } }, reply);
  }

  private async ask(tenantId: TenantId, command: AppCommand, reply: FastifyReply): Promise<IdentityDecision> {
    const result = await applied(this.ports.sql, INGEST, tenantId, command, reply);
    return { outcome: result === null ? 'asked' : 'done' };
  }

  private async subject(tenantId: TenantId, subjectId: string): Promise<DecidedSubject> {
    const kind = await subjectKindOf(this.ports.sql, tenantId, subjectId);
    if (kind === null) throw nothingHere(UNKNOWN_SUBJECT);
    return { kind, subjectId };
  }
}

interface Address {
  readonly tenant: string;
  readonly id: string;
}
