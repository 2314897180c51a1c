import type { Command } from 'commander';
import { askControl } from './control-access.js';
import type { Terminal } from './terminal.js';

interface Assertion {
  readonly eventId: string;
  readonly basis: string;
  readonly orderKey: string | null;
}

/** Of control's answer what is printed for people. */
interface Identity {
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

function linesOf(id: string, told: Identity): string[] {
  return [
    summary(id, told),
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

/** `tributary identity explain <tenant> <id>`: who is one person, and which assertion joined what. */
export function identityCommand(program: Command, { environment, say }: Terminal): void {
  program
    .command('identity')
    .description('Who is one person, and why')
    .command('explain')
    .description('To which profile an id belongs, and which assertion joined each of its ids')
    .argument('<tenant>')
    .argument('<id>', 'a subject’s id, such as a visitor’s, or a profile’s')
    .option('--json', 'print control’s answer as JSON', false)
    .action(async (tenant: string, id: string, { json }: { readonly json: boolean }) => {
      const told = await askControl<Identity>(environment, ['tenants', tenant, 'identity', id]);
      if (json) say(JSON.stringify(told));
      else for (const line of linesOf(id, told)) say(line);
    });
}
