import { connect } from 'node:net';

export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  /** As they go over the wire; `Host` is added. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: Buffer;
  /** `half`: our side says that nothing more comes; `reset`: the connection is gone. Absent: it stays open for the answer. */
  readonly endsWith?: 'half' | 'reset';
}

const head = ({ method = 'POST', path, headers = [] }: RawRequest): string =>
  [`${method} ${path} HTTP/1.1`, 'Host: ingest.example', ...headers.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n');

/** Writes bytes to an app as a client that keeps to no rule; answers the status, null when none came. */
export function rawRequest(appUrl: string, request: RawRequest): Promise<number | null> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(appUrl).port), '127.0.0.1');
    let answer = '';
    const done = (): void => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? Number.NaN) || null);
    socket.once('connect', () => {
      const bytes = Buffer.concat([Buffer.from(head(request), 'latin1'), request.body ?? Buffer.alloc(0)]);
      socket.write(bytes, () => {
        if (request.endsWith === 'half') socket.end();
        if (request.endsWith === 'reset') socket.resetAndDestroy();
      });
    });
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      // The status line is all that is wanted; a kept-alive connection would never end by itself.
      answer = answer.replace(/^HTTP\/1\.1 1\d\d[^\r]*\r\n\r\n/, '');
      if (/^HTTP\/1\.1 [2-5]\d\d [\s\S]*\r\n\r\n/.test(answer)) socket.destroy();
    });
    socket.once('error', () => socket.destroy());
    socket.once('close', done);
  });
}
