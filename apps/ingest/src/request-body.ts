import type { IncomingMessage } from 'node:http';

/** Over this a webhook is answered 413; a route may say less (`maxBodyBytes` of its configuration). */
const MAX_BODY_BYTES = 5 * 1024 * 1024;
/** Of a body that is too large or cut off this much is kept. */
const EXCERPT_BYTES = 64 * 1024;
/** The log holds sizes as 32 bits; a header may announce anything. */
const MAX_SIZE_BYTES = 2 ** 31 - 1;

/** A request's body as it came, whatever it claims to be. */
export type RequestBody =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  /** `sizeBytes` as announced, else what was read. */
  | { readonly kind: 'too-large'; readonly excerpt: Buffer; readonly sizeBytes: number }
  | { readonly kind: 'truncated'; readonly excerpt: Buffer; readonly sizeBytes: number };

const excerptOf = (chunks: readonly Buffer[]): Buffer => Buffer.concat(chunks).subarray(0, EXCERPT_BYTES);

/** Collects a request's raw body; stops reading at `maxBytes`. Never rejects. */
export function readBody(request: IncomingMessage, maxBytes = MAX_BODY_BYTES): Promise<RequestBody> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const announced = Number(request.headers['content-length'] ?? Number.NaN);
    request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length;
      chunks.push(chunk);
      if (sizeBytes <= maxBytes) return;
      request.pause();
      request.removeAllListeners('data');
      resolve({
        kind: 'too-large',
        excerpt: excerptOf(chunks),
        sizeBytes: Number.isNaN(announced) ? sizeBytes : Math.min(announced, MAX_SIZE_BYTES),
      });
    });
    request.once('end', () =>
      resolve({ kind: 'whole', bytes: chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks) }),
    );
    const cut = (): void => resolve({ kind: 'truncated', excerpt: excerptOf(chunks), sizeBytes });
    request.once('aborted', cut);
    request.once('error', cut);
    request.once('close', cut);
  });
}
