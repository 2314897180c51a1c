import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { ControlClient } from '@tributary/http';
import { connectCourierCommand } from './connect-courier.command.js';
import { connectionPath, withControl } from './control-access.js';
import type { Terminal } from './terminal.js';

interface Started {
  readonly id: string;
  readonly url: string;
  readonly expiresAt: string;
}

interface Progress {
  readonly state: 'waiting' | 'checking' | 'connected' | 'refused' | 'expired';
  readonly because: string | null;
}

const LOOK_EVERY_MS = 2_000;

const WORDS: Readonly<Record<Progress['state'], string>> = {
  waiting: 'waiting for «Approve» in the shop',
  checking: 'the shop handed over keys; they are tried',
  connected: 'connected',
  refused: 'refused',
  expired: 'the link was not used in time',
};

/** Waits until it is decided; tells every change. */
async function untilDecided(client: ControlClient, path: string, tell: Terminal['tell']): Promise<Progress> {
  let said = '';
  for (;;) {
    const progress = (await client.send('GET', path)) as Progress;
    if (progress.state !== said) tell(WORDS[progress.state]);
    said = progress.state;
    if (progress.state !== 'waiting' && progress.state !== 'checking') return progress;
    await pause(LOOK_EVERY_MS);
  }
}

/** `tributary connect woocommerce --connection acme/shop`: REST keys with one click of the merchant. */
export function connectCommand(program: Command, terminal: Terminal): void {
  const { environment, say, tell } = terminal;
  const connectTo = program.command('connect').description('Connect a shop or a courier with the help of its merchant');
  connectCourierCommand(connectTo, terminal);
  connectTo
    .command('woocommerce')
    .description('Print a link for the merchant, and wait until the shop has handed over keys that work')
    .requiredOption('--connection <tenant/connection>', 'a woocommerce connection that was applied')
    .action(async ({ connection }: { readonly connection: string }) => {
      const path = `${connectionPath(connection)}/connect`;
      await withControl(environment, async (client) => {
        const { id, url, expiresAt } = (await client.send('POST', path)) as Started;
        say(url);
        tell(`Open it in a browser that is logged in to the shop as an administrator, and approve. Good until ${expiresAt}, for one use.`);
        const { state, because } = await untilDecided(client, `${path}/${id}`, tell);
        if (state !== 'connected') throw new Error(`not connected: ${because ?? WORDS[state]}. Run it again for a new link.`);
        say(`${connection} is connected: its keys work and are stored.`);
      });
    });
}
