import { isJsonObject, objectOf, textOf, type JsonObject } from '../body-reader.js';

/** Of `/system_status`, what the connection depends on. */
export interface SystemStatus {
  /** False where `DISABLE_WP_CRON` is set: then a cron of the host must run the queue that sends webhooks. */
  readonly hasWpCron: boolean | null;
  readonly woocommerceVersion: string;
  /** Folder and file of each active plugin, such as `woocommerce/woocommerce.php`. */
  readonly activePlugins: readonly string[];
}

const MAX_PLUGINS = 500;
const MAX_CHARS = 200;

/** @see https://woocommerce.github.io/woocommerce-rest-api-docs/#system-status-properties (read 2026-11-21) */
export function readSystemStatus(body: JsonObject): SystemStatus {
  const environment = objectOf(body['environment']);
  const plugins = Array.isArray(body['active_plugins']) ? (body['active_plugins'] as unknown[]) : [];
  const { wp_cron: wpCron } = environment;
  return {
    hasWpCron: typeof wpCron === 'boolean' ? wpCron : null,
    woocommerceVersion: textOf(environment['version'], MAX_CHARS),
    activePlugins: plugins
      .filter(isJsonObject)
      .map((plugin) => textOf(plugin['plugin'], MAX_CHARS))
      .filter((plugin) => plugin !== '')
      .slice(0, MAX_PLUGINS),
  };
}
