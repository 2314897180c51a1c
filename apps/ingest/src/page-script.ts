import { createHash } from 'node:crypto';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** One answer of `GET /v1/tributary.js`. */
export interface ScriptAnswer {
  readonly status: 200 | 304;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const ENCODINGS = ['br', 'gzip', 'identity'] as const;
type Encoding = (typeof ENCODINGS)[number];

/** An hour: a new release reaches every shop within one; meanwhile a day for browsers that ask in the background. */
const CACHE_CONTROL = 'public, max-age=3600, stale-while-revalidate=86400';
const NOTHING = Buffer.alloc(0);

const compressed = (script: Buffer, encoding: Encoding): Buffer => {
  if (encoding === 'identity') return script;
  if (encoding === 'gzip') return gzipSync(script, { level: 9 });
  return brotliCompressSync(script, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } });
};

/** Whether an `Accept-Encoding` header takes it; `;q=0` refuses. @see https://www.rfc-editor.org/rfc/rfc9110#name-accept-encoding */
function takes(header: string, encoding: Encoding): boolean {
  const given = header.split(',').map((part) =>
    part
      .trim()
      .toLowerCase()
      .split(/\s*;\s*q=/),
  );
  return given.some(([name, weight = '1']) => name === encoding && Number(weight) > 0);
}

/** `If-None-Match` lists entity tags, `*`, or weak ones that a proxy has made. */
const isKnown = (header: string, etag: string): boolean =>
  header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);

/** The built page script in every encoding, made once; `answer` is pure. */
export class PageScript {
  private readonly bodies: ReadonlyMap<Encoding, Buffer>;
  private readonly hash: string;

  constructor(script: Buffer) {
    this.bodies = new Map(ENCODINGS.map((encoding) => [encoding, compressed(script, encoding)]));
    this.hash = createHash('sha256').update(script).digest('base64url').slice(0, 16);
  }

  answer({ acceptEncoding = '', ifNoneMatch = '' }: { readonly acceptEncoding?: string; readonly ifNoneMatch?: string }): ScriptAnswer {
    const encoding = ENCODINGS.find((candidate) => takes(acceptEncoding, candidate)) ?? 'identity';
    const etag = `"${this.hash}-${encoding}"`;
    const isCurrent = isKnown(ifNoneMatch, etag);
    return {
      status: isCurrent ? 304 : 200,
      body: isCurrent ? NOTHING : (this.bodies.get(encoding) ?? NOTHING),
      headers: {
        etag,
        vary: 'accept-encoding',
        'cache-control': CACHE_CONTROL,
        // Any page may load it: it is the same for everybody and holds no secret.
        'access-control-allow-origin': '*',
        'cross-origin-resource-policy': 'cross-origin',
        'x-content-type-options': 'nosniff',
        ...(isCurrent ? {} : { 'content-type': 'text/javascript; charset=utf-8' }),
        ...(isCurrent || encoding === 'identity' ? {} : { 'content-encoding': encoding }),
      },
    };
  }
}
