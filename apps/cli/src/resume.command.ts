import type { Command } from 'commander';
import { tellControl } from './control-access.js';
import type { Terminal } from './terminal.js';

interface Resumed {
  readonly outcome: 'done' | 'asked';
  readonly moved: number | null;
}

/** `tributary resume <tenant> <connection>`: sets a parked destination going again. */
export function resumeCommand(program: Command, { environment, say }: Terminal): void {
  program
    .command('resume')
    .description('Set a parked destination going again: its parked deliveries are sent, or expire when they are too old')
    .argument('<tenant>')
    .argument('<connection>', 'the destination’s connection')
    .option('--json', 'print control’s answer as JSON', false)
    .action(async (tenant: string, connection: string, { json }: { readonly json: boolean }) => {
      const answer = await tellControl<Resumed>(environment, ['tenants', tenant, 'connections', connection, 'resume']);
      const moved = answer.moved ?? 0;
      say(
        json
          ? JSON.stringify(answer)
          : answer.outcome === 'asked'
            ? 'Asked; the app has not done it yet. See `deliveries --state parked`.'
            : `${connection} goes on; ${moved} deliver${moved === 1 ? 'y was' : 'ies were'} waiting.`,
      );
    });
}
