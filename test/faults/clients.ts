import { connect, type Socket } from 'node:net';

/** A client that says what it likes and remembers what it was told. */
export class Client {
  private readonly socket: Socket;
  private answer = '';
  isClosed = false;

  constructor(appUrl: string, opening: string | Buffer = '') {
    this.socket = connect(Number(new URL(appUrl).port), '127.0.0.1');
    this.socket.on('data', (chunk) => (this.answer += chunk.toString('latin1')));
    this.socket.on('error', () => this.socket.destroy());
    this.socket.on('close', () => (this.isClosed = true));
    if (opening.length > 0) this.socket.write(opening);
  }

  /** Null until there is one. */
  get status(): number | null {
    const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(this.answer) ?? [];
    return status === undefined ? null : Number(status);
  }

  get isConnected(): boolean {
    return this.socket.readyState === 'open';
  }

  /** False: the other side does not take more for now. */
  write(bytes: Buffer): boolean {
    return !this.isClosed && this.socket.write(bytes);
  }

  close(): void {
    this.socket.destroy();
  }
}
