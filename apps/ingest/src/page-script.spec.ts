import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { PageScript } from './page-script.js';

const SOURCE = Buffer.from('(() => { tributary() })();'.repeat(50));
const script = new PageScript(SOURCE);

describe('the page script over HTTP', () => {
  it.each([
    ['br, gzip', 'br', brotliDecompressSync],
    ['gzip, deflate', 'gzip', gunzipSync],
    ['br;q=0, gzip', 'gzip', gunzipSync],
  ])('is sent to a browser that takes «%s» as %s', (acceptEncoding, encoding, open) => {
    const { status, headers, body } = script.answer({ acceptEncoding });
    expect([status, headers['content-encoding'], headers['vary']]).toEqual([200, encoding, 'accept-encoding']);
    expect(open(body)).toEqual(SOURCE);
  });

  it('is sent as it is to whoever takes nothing else', () => {
    expect(script.answer({}).body).toEqual(SOURCE);
    expect(script.answer({}).headers['content-encoding']).toBeUndefined();
  });

  it('is kept for an hour, may be loaded by every page, and is script and nothing else', () => {
    expect(script.answer({}).headers).toMatchObject({
      'cache-control': expect.stringContaining('max-age=3600'),
      'access-control-allow-origin': '*',
      'content-type': 'text/javascript; charset=utf-8',
      'x-content-type-options': 'nosniff',
    });
  });

  it('is not sent again to a browser that has it', () => {
    const { headers } = script.answer({ acceptEncoding: 'gzip' });
    const again = script.answer({ acceptEncoding: 'gzip', ifNoneMatch: `"old", W/${headers['etag']}` });
    expect([again.status, again.body.length]).toEqual([304, 0]);
  });

  it('is sent again when it changed, or in another encoding', () => {
    const etag = script.answer({ acceptEncoding: 'gzip' }).headers['etag'] ?? '';
    expect(new PageScript(Buffer.from('other')).answer({ acceptEncoding: 'gzip', ifNoneMatch: etag }).status).toBe(200);
    expect(script.answer({ acceptEncoding: 'br', ifNoneMatch: etag }).status).toBe(200);
  });
});
