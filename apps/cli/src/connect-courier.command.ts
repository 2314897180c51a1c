import { createInterface, type Interface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Command } from 'commander';
import type { ControlClient } from '@tributary/http';
import { connectionPath, withControl } from './control-access.js';
import type { Terminal } from './terminal.js';

interface CourierAccount {
  readonly state: string;
  readonly courierCode: string;
  readonly storeId: string | null;
  readonly customerId: string | null;
  readonly warning: string | null;
}

interface Options {
  readonly connection: string;
  readonly force: boolean;
  readonly disconnect: boolean;
}

/** What a person types is written back except while `isHidden`. */
class Echo extends Writable {
  isHidden = false;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (!this.isHidden) process.stderr.write(chunk);
    done();
  }
}

/** Asks on the terminal, or reads line by line from a pipe. */
class Questions {
  private readonly echo = new Echo();
  private readonly lines: Interface;
  private readonly fromPipe: AsyncIterator<string> | null;

  constructor() {
    const isTerminal = process.stdin.isTTY;
    this.lines = createInterface({ input: process.stdin, output: this.echo, terminal: isTerminal });
    this.fromPipe = isTerminal ? null : this.lines[Symbol.asyncIterator]();
  }

  async ask(question: string, { isHidden = false }: { readonly isHidden?: boolean } = {}): Promise<string> {
    process.stderr.write(`${question}: `);
    this.echo.isHidden = isHidden;
    const next = await this.fromPipe?.next();
    if (next?.done === true) throw new Error(`«${question}» was not answered: the input has ended`);
    const answer = next === undefined ? await this.lines.question('') : next.value;
    this.echo.isHidden = false;
    if (isHidden || this.fromPipe !== null) process.stderr.write('\n');
    return isHidden ? answer : answer.trim();
  }

  close(): void {
    this.lines.close();
  }
}

async function connect(client: ControlClient, path: string, { force }: Options, { say, tell }: Terminal): Promise<void> {
  const post = async (step: string, body: object): Promise<unknown> => client.send('POST', `${path}/${step}`, body);
  const questions = new Questions();
  try {
    const { courierCode } = (await client.send('GET', path)) as CourierAccount;
    const code = await questions.ask(`Courier code [${courierCode}]`);
    await post('resolve', code === '' ? {} : { courierCode: code });
    tell('The courier is known and active.');
    const email = await questions.ask('Mail address of the merchant’s account');
    await post('login', { email, password: await questions.ask('Password (not shown, not kept)', { isHidden: true }) });
    const { items } = (await post('stores', {})) as { readonly items: readonly { readonly id: string; readonly name: string }[] };
    for (const { id, name } of items) tell(`  ${id}  ${name}`);
    const storeId = items.length === 1 ? (items[0]?.id ?? '') : await questions.ask('Store');
    const account = (await post('link', { storeId, force })) as CourierAccount;
    say(`Connected: store ${account.storeId}, customer ${account.customerId}. Orders are handed over from now on.`);
  } finally {
    questions.close();
  }
}

/** `tributary connect trackingtech --connection acme/courier`: an account at the courier, step by step. */
export function connectCourierCommand(connectTo: Command, terminal: Terminal): void {
  const { environment, say } = terminal;
  connectTo
    .command('trackingtech')
    .description('Connect a merchant’s account at TrackingTech step by step; the password is not shown and kept nowhere')
    .requiredOption('--connection <tenant/connection>', 'a trackingtech connection that was applied')
    .option('--force', 'link although the shop’s own TrackingTech plugin is active', false)
    .option('--disconnect', 'forget the account instead: nothing is sent any more', false)
    .action(async (options: Options) => {
      const path = `${connectionPath(options.connection)}/trackingtech`;
      await withControl(environment, async (client) => {
        if (!options.disconnect) return connect(client, path, options, terminal);
        const { state, warning } = (await client.send('POST', `${path}/disconnect`, {})) as CourierAccount;
        say(warning === null ? `The account is ${state}.` : `The account is ${state}. ${warning}`);
      });
    });
}
