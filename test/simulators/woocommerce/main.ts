/**
 * A WooCommerce shop as a process of its own: `node main.ts [--port 9200] [--home https://shop.example] [--version 11.0.1] [--storage hpos|cpt]
 * [--currency CLP] [--key ck_…:cs_…[:read] …] [--https] [--queue-every 1] [--state file] [--first-id 1000]`. Without `--port` the environment's PORT, else any free one;
 * `--https`: it believes that it is behind TLS and takes Basic; `--queue-every`: seconds between two runs of its queue, else visits run it;
 * `--state`: the shop is kept there and goes on with it; `--first-id`: of the orders and products of a new shop.
 * Prints its address on one line.
 */
import { parseArgs } from 'node:util';
import type { KeyPermissions } from './shop/people.ts';
import type { Site } from './shop/site.ts';
import { startWoocommerceSimulator } from './woocommerce-simulator.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: process.env['PORT'] ?? '0' },
    home: { type: 'string' },
    version: { type: 'string' },
    storage: { type: 'string' },
    currency: { type: 'string' },
    key: { type: 'string', multiple: true },
    https: { type: 'boolean', default: false },
    'queue-every': { type: 'string' },
    state: { type: 'string' },
    'first-id': { type: 'string' },
  },
});

const site: Partial<Site> = {
  ...(values.home === undefined ? {} : { homeUrl: values.home }),
  ...(values.version === undefined ? {} : { version: values.version }),
  ...(values.storage === 'cpt' || values.storage === 'hpos' ? { storage: values.storage } : {}),
  ...(values.currency === undefined ? {} : { currency: values.currency }),
};
const keys = (values.key ?? []).map((key) => {
  const [consumerKey = '', consumerSecret = '', permissions = 'read_write'] = key.split(':');
  return { consumerKey, consumerSecret, permissions: permissions as KeyPermissions };
});

startWoocommerceSimulator({
  port: Number(values.port),
  site,
  keys,
  seesHttps: values.https,
  ...(values.state === undefined ? {} : { stateFile: values.state }),
  ...(values['first-id'] === undefined ? {} : { firstId: Number(values['first-id']) }),
  ...(values['queue-every'] === undefined ? {} : { queueIntervalMs: Number(values['queue-every']) * 1_000 }),
}).then(
  (simulator) => {
    process.stdout.write(`WooCommerce simulator: ${simulator.url}\n`);
    const stop = (): void => void simulator.stop().then(() => process.exit(0));
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
  },
  (error: unknown) => {
    process.stderr.write(`WooCommerce simulator could not start on port ${values.port}: ${String(error)}. Choose another with --port.\n`);
    process.exit(1);
  },
);
