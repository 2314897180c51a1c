import { join, resolve } from 'node:path';
import { readStartSettings } from '../../tools/bootstrap/start/settings.mts';
import { pauseAfter } from '../../tools/bootstrap/start/supervisor.mts';

const root = resolve(__dirname, '..', '..');
const tenants = 'deploy/demo/tenants.yaml';

describe('the settings of a start', () => {
  it('need nothing: then the demo is applied and sent', () => {
    expect(readStartSettings({}, root)).toMatchObject({
      home: join(root, '.tributary'),
      tenantsFile: join(root, tenants),
      isDemo: true,
      ingestPort: null,
      tiktokBaseUrl: null,
      trackingtechBaseUrl: null,
    });
  });

  it('leave the demo out when it is off', () => {
    expect(readStartSettings({ TRIBUTARY_DEMO: 'off' }, root)).toMatchObject({ tenantsFile: null, isDemo: false });
  });

  it('apply a file of one’s own in place of the demo, as seen from where one stands', () => {
    const env = { TRIBUTARY_TENANTS: 'tenants.yaml', INIT_CWD: join(root, 'deploy', 'demo') };
    expect(readStartSettings(env, root)).toMatchObject({ tenantsFile: join(root, tenants), isDemo: false });
  });

  it('read ports, 0 for any free one', () => {
    expect(readStartSettings({ INGEST_PORT: '0', KAFKA_PORT: '9092' }, root)).toMatchObject({ ingestPort: 0, kafkaPort: 9092 });
  });

  it('do not let the demo’s invented orders reach a vendor', () => {
    const vendor = { TIKTOK_BASE_URL: 'https://business-api.tiktok.com' };
    expect(() => readStartSettings(vendor, root)).toThrow(/TRIBUTARY_TENANTS to a file of your own, or TRIBUTARY_DEMO=off/);
    expect(readStartSettings({ ...vendor, TRIBUTARY_DEMO: 'off' }, root)).toMatchObject({ isDemo: false });
    expect(readStartSettings({ ...vendor, TRIBUTARY_TENANTS: tenants }, root)).toMatchObject({ isDemo: false });
    for (const local of ['http://127.0.0.1:9000', 'http://localhost:9000', 'http://[::1]:9000'])
      expect(readStartSettings({ TIKTOK_BASE_URL: local }, root)).toMatchObject({ isDemo: true, tiktokBaseUrl: local });
  });

  it('name all that is wrong at once', () => {
    const env = { INGEST_PORT: '80801', TRIBUTARY_DEMO: 'no', TRIBUTARY_TENANTS: 'nowhere.yaml', TIKTOK_BASE_URL: 'tiktok' };
    expect(() => readStartSettings(env, root)).toThrow(
      /TRIBUTARY_DEMO=no[^]*TRIBUTARY_TENANTS=nowhere[^]*TIKTOK_BASE_URL=tiktok[^]*INGEST_PORT=80801/,
    );
  });
});

it('waits longer before every start of a program that keeps ending, but never long', () => {
  expect([1, 2, 3, 4, 20].map(pauseAfter)).toEqual([500, 1_000, 2_000, 4_000, 30_000]);
});
