import type { Running } from './installation.mts';

interface Shown {
  /** Undefined without the demo. */
  readonly shop: { readonly tenant: string; readonly connection: string } | undefined;
  readonly hasSimulator: boolean;
  readonly hasCourierSimulator: boolean;
  readonly logFolder: string;
}

/** Where everything is, and what to do next. */
export function welcome(
  { addresses, adminToken, applied }: Pick<Running, 'addresses' | 'adminToken' | 'applied'>,
  { shop, hasSimulator, hasCourierSimulator, logFolder }: Shown,
): string {
  const lines: readonly (readonly [string, string] | undefined)[] = [
    shop && ['The demo’s shop, its orders and webhooks', `${addresses.shopUrl}/_control/`],
    ['Control API', `${addresses.controlUrl}  (OpenAPI: ${addresses.controlUrl}/openapi.json)`],
    ['Admin token', adminToken],
    ['Webhooks arrive at', `${addresses.ingestUrl}/v1/sources/woocommerce/<token>`],
    hasSimulator ? ['TikTok simulator, what it received', addresses.tiktokBaseUrl] : ['TikTok', addresses.tiktokBaseUrl],
    hasCourierSimulator
      ? ['TrackingTech simulator, what it received', addresses.trackingtechBaseUrl]
      : ['TrackingTech', addresses.trackingtechBaseUrl],
    ['Logs', logFolder],
    shop === undefined && applied === undefined
      ? ['Add a shop', 'describe it in a file (README, «Point a shop at it»), then: npm run tributary -- apply -f <file>']
      : undefined,
    shop && ['Explain an order', `npm run tributary -- explain ${shop.tenant} ${shop.connection} <order>`],
  ];
  const rows = lines.filter((line) => line !== undefined);
  const width = Math.max(...rows.map(([name]) => name.length));
  const text = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n');
  return `${applied === undefined ? '' : `\n${applied}\n`}\n${text}\n\nRunning. Ctrl-C stops everything.`;
}
