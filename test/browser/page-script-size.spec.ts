import { gzipSync } from 'node:zlib';
import { buildPageScript } from './built-page-script.js';

const MAX_GZIPPED_BYTES = 6_000;

describe('the built page script', () => {
  it(`is smaller than ${MAX_GZIPPED_BYTES} bytes when gzipped`, async () => {
    expect(gzipSync(await buildPageScript(), { level: 9 }).length).toBeLessThan(MAX_GZIPPED_BYTES);
  });

  it('is one script without imports, so that it can be combined with others', async () => {
    const script = String(await buildPageScript());
    expect(script).toMatch(/^\(\(\)=>\{/);
    expect(script).not.toMatch(/\b(?:import|require)\b|sourceMappingURL/);
  });
});
