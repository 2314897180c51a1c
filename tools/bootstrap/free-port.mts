import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';

const lowestPort = 15_000;
const handedOut = new Set<number>();

/**
 * A port on 127.0.0.1 that nobody listens on now and that this process has not handed out before.
 *
 * It lies below the range from which the system takes the local ports of outgoing connections: a client that keeps
 * reconnecting to a stopped server within that range can end up connected to itself and hold the port. Another process
 * may still take the port first, so callers start again with another one when the server reports it as taken.
 */
export async function freePort(): Promise<number> {
  const end = firstOutgoingPort();
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = randomInt(lowestPort, end);
    if (handedOut.has(port) || !(await canListen(port))) continue;
    handedOut.add(port);
    return port;
  }
  throw new Error(`no free port found on 127.0.0.1 between ${lowestPort} and ${end}`);
}

/** Whether a server could listen on this port of 127.0.0.1 right now. */
export function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function firstOutgoingPort(): number {
  try {
    const first = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/)[0]);
    return first >= lowestPort + 2_000 ? first : 65_536;
  } catch {
    return 49_152; // IANA's first dynamic port, which macOS follows
  }
}
