/**
 * TrackingTech as a process of its own: `node main.ts [--port 9200] [--state file.jsonl]`.
 * Without `--port` the environment's PORT, else any free one. Prints its address on one line.
 */
import { parseArgs } from 'node:util';
import { startTrackingtechSimulator } from './trackingtech-simulator.ts';

const { values } = parseArgs({
  options: { port: { type: 'string', default: process.env['PORT'] ?? '0' }, state: { type: 'string' } },
});

startTrackingtechSimulator({
  port: Number(values.port),
  ...(values.state === undefined ? {} : { stateFile: values.state }),
}).then(
  (simulator) => {
    process.stdout.write(`TrackingTech simulator: ${simulator.url}\n`);
    const stop = (): void => void simulator.stop().then(() => process.exit(0));
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
  },
  (error: unknown) => {
    process.stderr.write(`TrackingTech simulator could not start on port ${values.port}: ${String(error)}. Choose another with --port.\n`);
    process.exit(1);
  },
);
