import type { Command } from 'commander';
import { allTenants, askControl } from './control-access.js';
import type { Terminal } from './terminal.js';

interface ShopStatus {
  readonly tenant: string;
  readonly shop: string;
  readonly state: string;
  readonly lastOrderAt: string | null;
  readonly lastConversionAt: string | null;
  readonly waiting: number;
  readonly parked: number;
  readonly alerts: number;
  readonly coverage: { readonly events: number; readonly keys: readonly { readonly key: string; readonly have: number }[] };
}

/** Those that say most about whether a vendor finds the buyer. */
const SHOWN_KEYS = ['email', 'phone', 'external_id', 'ttclid', 'ip'];

function coverageText({ events, keys }: ShopStatus['coverage']): string {
  if (events === 0) return 'no conversion yet';
  const shares = SHOWN_KEYS.map((key) => {
    const have = keys.find((one) => one.key === key)?.have ?? 0;
    return `${key} ${Math.round((have / events) * 100)} %`;
  });
  return `${shares.join(', ')} of the newest ${events}`;
}

const lineOf = (status: ShopStatus): string => {
  const { tenant, shop, state, lastOrderAt, lastConversionAt, waiting, parked, alerts, coverage } = status;
  const parts = [
    `last order ${lastOrderAt ?? 'never'}`,
    `last conversion ${lastConversionAt ?? 'never'}`,
    `waiting ${waiting}`,
    `parked ${parked}`,
    `alerts ${alerts}`,
    coverageText(coverage),
  ];
  return `${tenant}/${shop}${state === 'active' ? '' : ` (${state})`}: ${parts.join(' · ')}`;
};

/** `tributary status [tenant]`: one line per shop. */
export function statusCommand(program: Command, { environment, say, tell }: Terminal): void {
  program
    .command('status')
    .description('How each shop is doing, a line each: last order, last conversion, what waits, alerts, match keys')
    .argument('[tenant]', 'default: all tenants')
    .option('--json', 'print what control says as JSON', false)
    .action(async (tenant: string | undefined, { json }: { readonly json: boolean }) => {
      const shops: ShopStatus[] = [];
      for (const id of tenant === undefined ? await allTenants(environment) : [tenant])
        shops.push(...(await askControl<{ readonly items: readonly ShopStatus[] }>(environment, ['tenants', id, 'status'])).items);
      if (json) say(JSON.stringify({ items: shops }));
      else for (const shop of shops) say(lineOf(shop));
      if (shops.length === 0) tell('There is no shop.');
    });
}
