import { adminToken } from '@tributary/config';
import { ControlClient } from '@tributary/http';
import { cliSettings, settingsFor } from './cli.config.js';

const TIMEOUT_MS = 60_000;

/** Asks control one thing with GET; an absent parameter is left out of the address. */
export async function askControl<Answer>(
  environment: NodeJS.ProcessEnv,
  path: readonly string[],
  query: Readonly<Record<string, string | undefined>> = {},
): Promise<Answer> {
  const settings = settingsFor(cliSettings, environment);
  const client = new ControlClient({ url: settings.CONTROL_URL, adminToken: adminToken(settings).reveal(), timeoutMs: TIMEOUT_MS });
  const parameters = new URLSearchParams(Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined));
  const address = `/v1/${path.map(encodeURIComponent).join('/')}${parameters.size === 0 ? '' : `?${parameters.toString()}`}`;
  try {
    return (await client.send('GET', address)) as Answer;
  } finally {
    await client.close();
  }
}
