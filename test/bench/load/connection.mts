import { connect, type Socket } from 'node:net';

const HEAD_END = '\r\n\r\n';

/** A kept-alive connection with one request outstanding, as a shop's; parses no more of an answer than it must. */
export class Connection {
  readonly #socket: Socket;
  #onStatus: ((status: number) => void) | undefined;
  #text = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk.toString('latin1')));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#answer(0));
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Connection(socket));
      });
    });
  }

  /** `onStatus` gets the HTTP status, or 0 when the connection broke. */
  send(request: Buffer, onStatus: (status: number) => void): void {
    if (this.#socket.destroyed) {
      onStatus(0);
      return;
    }
    this.#onStatus = onStatus;
    this.#socket.write(request);
  }

  /** False once it broke: nothing more can be sent. */
  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: string): void {
    this.#text += chunk;
    const headEnd = this.#text.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const bodyBytes = Number(/content-length: (\d+)/i.exec(this.#text)?.[1] ?? 0);
    if (this.#text.length < headEnd + HEAD_END.length + bodyBytes) return;
    const status = Number(this.#text.slice(9, 12));
    this.#text = '';
    this.#answer(status);
  }

  #answer(status: number): void {
    const onStatus = this.#onStatus;
    this.#onStatus = undefined;
    onStatus?.(status);
  }
}
