import type { Command } from 'commander';
import { askControl, tellControl } from './control-access.js';
import type { Terminal } from './terminal.js';

interface Assertion {
  readonly eventId: string;
  readonly basis: string;
  readonly orderKey: string | null;
}

interface Evidence {
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly consents: readonly { readonly at: string; readonly answer: string; readonly isAnswer: boolean }[];
  readonly visits: readonly {
    readonly eventId: string;
    readonly at: string;
    readonly shows: readonly string[];
    readonly click: string | null;
  }[];
}

/** Of control's answer what is printed for people. */
interface Identity {
  readonly standing: { readonly isBlocked: boolean; readonly isQuarantined: boolean; readonly cutFrom: readonly string[] } | null;
  readonly evidence: Evidence | null;
  readonly kind: string;
  readonly profileId: string | null;
  readonly isAnonymous: boolean;
  readonly profiles: readonly {
    readonly profileId: string;
    readonly isLarge: boolean;
    readonly members: readonly {
      readonly kind: string;
      readonly subjectId: string;
      readonly since: string;
      readonly until: string | null;
      readonly joinedBy: Assertion;
      readonly shownBy: Assertion;
    }[];
    readonly merges: readonly { readonly joined: readonly string[]; readonly edge: string; readonly by: Assertion }[];
    readonly keptApart: readonly { readonly reason: string; readonly kept: string; readonly dropped: string; readonly by: Assertion }[];
  }[];
}

const named = ({ eventId, basis, orderKey }: Assertion): string => `${basis} ${orderKey ?? ''} (assertion ${eventId})`.replace('  ', ' ');

function summary(id: string, { kind, profileId, isAnonymous }: Identity): string {
  if (isAnonymous) return `Visitor ${id} is nobody’s alone: its events belong to the anonymous profile ${profileId}.`;
  if (profileId === null) return `${kind} ${id}: nothing is joined with it.`;
  return kind === 'profile' && profileId === id ? `Profile ${id}` : `${kind} ${id} belongs to profile ${profileId}.`;
}

const standingLines = ({ standing }: Identity): string[] =>
  standing === null
    ? []
    : [
        ...(standing.isBlocked ? ['  blocked by an operator: joins nobody'] : []),
        ...(standing.isQuarantined ? ['  in quarantine: shown with too many others to be anybody’s own'] : []),
        ...standing.cutFrom.map((other) => `  kept apart from ${other} by an operator`),
      ];

function evidenceLines({ evidence }: Identity): string[] {
  if (evidence === null) return [];
  const { firstSeen, lastSeen, consents, visits } = evidence;
  return [
    '',
    `Seen from ${firstSeen} to ${lastSeen}`,
    ...consents.map(({ at, answer, isAnswer }) => `  ${answer} ${at}${isAnswer ? '' : ' (found in force)'}`),
    ...visits.map(
      ({ eventId, at, shows, click }) => `  visit ${eventId} ${at} shows ${shows.join(', ')}${click === null ? '' : ` (click ${click})`}`,
    ),
  ];
}

function linesOf(id: string, told: Identity): string[] {
  return [
    summary(id, told),
    ...standingLines(told),
    ...evidenceLines(told),
    ...told.profiles.flatMap(({ profileId, isLarge, members, merges, keptApart }) => [
      '',
      `Profile ${profileId}${isLarge ? ', unusually large: look at it' : ''}`,
      ...members.map(({ kind, subjectId, since, until, joinedBy, shownBy }) =>
        [
          `  ${kind} ${subjectId} since ${since}${until === null ? '' : `, a shared device since ${until}`}: ${named(joinedBy)}`,
          ...(shownBy.eventId === joinedBy.eventId ? [] : [`, shown by ${named(shownBy)}`]),
        ].join(''),
      ),
      ...merges.map(({ joined, edge, by }) => `  took in ${joined.join(', ')} by a shared ${edge}: ${named(by)}`),
      ...keptApart.map(({ reason, kept, dropped, by }) => `  kept apart (${reason}): ${kept} and ${dropped}: ${named(by)}`),
    ]),
  ];
}

interface Decided {
  readonly outcome: 'done' | 'asked';
}
interface DecisionOptions {
  readonly reason?: string;
}

const DECIDED: Readonly<Record<Decided['outcome'], string>> = {
  done: 'Decided: it stands in the log, and the graph follows within moments.',
  asked: 'Asked: ingest has not written it yet; it does so by itself.',
};

/** `tributary identity explain|block|unblock|cut|uncut`: who is one person, why, and what operators decide of it. */
export function identityCommand(program: Command, { environment, say }: Terminal): void {
  const identity = program.command('identity').description('Who is one person, and why');
  identity
    .command('explain')
    .description('To which profile an id belongs, and which assertion joined each of its ids; of a visitor also what its visits showed')
    .argument('<tenant>')
    .argument('<id>', 'a subject’s id, such as a visitor’s, or a profile’s')
    .option('--json', 'print control’s answer as JSON', false)
    .action(async (tenant: string, id: string, { json }: { readonly json: boolean }) => {
      const told = await askControl<Identity>(environment, ['tenants', tenant, 'identity', id]);
      if (json) say(JSON.stringify(told));
      else for (const line of linesOf(id, told)) say(line);
    });
  const decide = async (tenant: string, path: readonly string[], body: object): Promise<void> =>
    say(DECIDED[(await tellControl<Decided>(environment, ['tenants', tenant, 'identity', ...path], body)).outcome]);
  const ofOne = (name: 'block' | 'unblock', description: string): void => {
    identity
      .command(name)
      .description(description)
      .argument('<tenant>')
      .argument('<subject>', 'a subject’s id, from explain')
      .option('--reason <code>', 'kept with the decision: lower-case letters, digits and dashes; no names')
      .action((tenant: string, id: string, options: DecisionOptions) => decide(tenant, [id, name], options));
  };
  const ofTwo = (name: 'cut' | 'uncut', description: string): void => {
    identity
      .command(name)
      .description(description)
      .argument('<tenant>')
      .argument('<one>', 'a subject’s id, from explain')
      .argument('<other>', 'the other one’s')
      .option('--reason <code>', 'kept with the decision: lower-case letters, digits and dashes; no names')
      .action((tenant: string, one: string, other: string, options: DecisionOptions) => decide(tenant, [name], { one, other, ...options }));
  };
  ofOne('block', 'This value joins nobody: whatever it joined is taken back, as if it had never joined');
  ofOne('unblock', 'It may join again: what was before comes back');
  ofTwo('cut', 'These two are not the same person’s: whatever joined them is taken back');
  ofTwo('uncut', 'They may be the same person’s again');
}
