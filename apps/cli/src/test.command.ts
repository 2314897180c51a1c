import type { Command } from 'commander';
import { askControl, tellControl } from './control-access.js';
import type { Terminal } from './terminal.js';

interface Tried {
  readonly outcome: 'done' | 'asked';
  readonly tried: {
    readonly eventName: string;
    readonly outcome: string;
    readonly code: string;
    readonly message: string;
    readonly requestId: string | null;
  } | null;
}

interface Connections {
  readonly items: readonly { readonly id: string; readonly kind: string; readonly state: string }[];
}

interface TestOptions {
  readonly order: string;
  readonly connection?: string;
  readonly code?: string;
  readonly json: boolean;
}

/** The tenant's only connection of the kind. */
async function onlyConnection(environment: NodeJS.ProcessEnv, tenant: string, kind: string): Promise<string> {
  const { items } = await askControl<Connections>(environment, ['tenants', tenant, 'connections']);
  const [first, ...more] = items.filter((one) => one.kind === kind && one.state === 'active');
  if (first === undefined) throw new Error(`${tenant} has no active connection of kind ${kind}`);
  if (more.length > 0) throw new Error(`${tenant} has several connections of kind ${kind}: choose one with --connection`);
  return first.id;
}

/** `tributary test <kind> --order <tenant>/<shop>/<order>`: one event in test mode. */
export function testCommand(program: Command, { environment, say }: Terminal): void {
  program
    .command('test')
    .description('Send one order’s event in the vendor’s test mode, and print what the vendor answers; it is counted nowhere')
    .argument('<kind>', 'of the destination: tiktok')
    .requiredOption('--order <tenant>/<shop>/<order>', 'an order that is known, such as acme/shop/1042')
    .option('--connection <id>', 'the destination’s connection; default: the only one of the kind')
    .option('--code <code>', 'test event code of TikTok’s Test Events page; default: that of the settings')
    .option('--json', 'print control’s answer as JSON', false)
    .action(async (kind: string, { order, connection, code, json }: TestOptions) => {
      const [tenant = '', shop = '', orderId = '', ...more] = order.split('/');
      if (tenant === '' || shop === '' || orderId === '' || more.length > 0)
        throw new Error('--order must be <tenant>/<shop>/<order>, such as acme/shop/1042');
      const id = connection ?? (await onlyConnection(environment, tenant, kind));
      const answer = await tellControl<Tried>(environment, ['tenants', tenant, 'connections', id, 'test'], {
        shop,
        orderId,
        ...(code === undefined ? {} : { testCode: code }),
      });
      if (json) say(JSON.stringify(answer));
      else if (answer.tried === null) say('Asked; the app has not done it yet.');
      else {
        const { eventName, outcome, code: vendorCode, message, requestId } = answer.tried;
        say(`${eventName} at ${id}, in test mode: ${outcome}. ${kind} answers ${vendorCode}: ${message} (request ${requestId ?? '–'})`);
      }
    });
}
