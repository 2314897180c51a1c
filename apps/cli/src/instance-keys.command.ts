import type { Command } from 'commander';
import Table from 'cli-table3';
import { askControl, tellControl } from './control-access.js';
import type { Terminal } from './terminal.js';

interface KeyItem {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly revokedAt: string | null;
}
interface NewKey {
  readonly id: string;
  readonly user: string;
  readonly organization: string;
}
interface OnlyJson {
  readonly json: boolean;
}

/** `tributary instance-keys create|list|revoke`: who may make connections through `POST /instances`. */
export function instanceKeysCommand(program: Command, { environment, say }: Terminal): void {
  const parent = program.command('instance-keys').description('Keys with which a tenant connects its shops through POST /instances');
  parent
    .command('create')
    .description('Make a pair of keys; it is shown this once')
    .argument('<tenant>')
    .requiredOption('--name <name>', 'who gets it')
    .option('--json', 'print the keys as JSON', false)
    .action(async (tenant: string, { name, json }: OnlyJson & { readonly name: string }) => {
      const key = await tellControl<NewKey>(environment, ['tenants', tenant, 'instance-keys'], { name });
      say(
        json
          ? JSON.stringify(key)
          : `Keys ${key.id}, shown this once:\n  Authorization: User ${key.user}, Organization ${key.organization}`,
      );
    });
  parent
    .command('list', { isDefault: true })
    .description('Who has keys, newest first')
    .argument('<tenant>')
    .option('--json', 'print control’s answer as JSON', false)
    .action(async (tenant: string, { json }: OnlyJson) => {
      const page = await askControl<{ readonly items: readonly KeyItem[] }>(environment, ['tenants', tenant, 'instance-keys']);
      if (json) return say(JSON.stringify(page));
      const table = new Table({ head: ['id', 'name', 'made', 'revoked'], style: { head: [], border: [] } });
      for (const { id, name, createdAt, revokedAt } of page.items) table.push([id, name, createdAt, revokedAt ?? '']);
      say(page.items.length === 0 ? 'Nobody has keys.' : table.toString());
    });
  parent
    .command('revoke')
    .description('Nobody gets in with it any more; connections made with it stay')
    .argument('<tenant>')
    .argument('<id>', 'from the list')
    .action(async (tenant: string, id: string) => {
      await tellControl(environment, ['tenants', tenant, 'instance-keys', id, 'revoke']);
      say(`Keys ${id} are revoked.`);
    });
}
