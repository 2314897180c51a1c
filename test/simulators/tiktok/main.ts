/**
 * TikTok as a process of its own: `node main.ts [--port 9100] [--state file.jsonl] [--pixel CODE:TOKEN …] [--no-bodies]`.
 * Without `--port` the environment's PORT, else any free one; without `--pixel` every pixel is known. Prints its address on one line.
 */
import { parseArgs } from 'node:util';
import { startTiktokSimulator } from './tiktok-simulator.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: process.env['PORT'] ?? '0' },
    state: { type: 'string' },
    pixel: { type: 'string', multiple: true },
    'no-bodies': { type: 'boolean', default: false },
  },
});

const pixels = values.pixel?.map((pixel) => {
  const [code = '', ...token] = pixel.split(':');
  return { code, accessToken: token.join(':') };
});

startTiktokSimulator({
  port: Number(values.port),
  pixels: pixels ?? 'any',
  keepsBodies: !values['no-bodies'],
  ...(values.state === undefined ? {} : { stateFile: values.state }),
}).then(
  (simulator) => {
    process.stdout.write(`TikTok simulator: ${simulator.url}\n`);
    const stop = (): void => void simulator.stop().then(() => process.exit(0));
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
  },
  (error: unknown) => {
    process.stderr.write(`TikTok simulator could not start on port ${values.port}: ${String(error)}. Choose another with --port.\n`);
    process.exit(1);
  },
);
