import { FakeAlerts } from '../../postgres/src/alerts.fake.js';
import { DestinationAlerts, type VendorWords } from './destination-alerts.js';

const WORDS: VendorWords = {
  app: 'ads',
  vendor: 'The vendor',
  effects: 'Effects',
  credential: 'the token',
  remedy: 'a valid token',
  withoutKeys: 'are sent without names',
};
const CREDENTIAL = { tenantId: 'acme', connectionId: 'ads' };
const OTHER = { tenantId: 'acme', connectionId: 'ads-2' };

let all: FakeAlerts;
let alerts: DestinationAlerts;
beforeEach(() => {
  all = new FakeAlerts(() => new Date(0));
  alerts = new DestinationAlerts(all, WORDS);
});
const open = async (): Promise<(string | null)[]> =>
  (await all.list(null)).map(({ connectionId }) => connectionId).toSorted((a, b) => (a ?? '').localeCompare(b ?? ''));

it('closes the alert of missing secrets when they come back, and no other connection’s', async () => {
  await alerts.secretsFound(CREDENTIAL);
  await alerts.secretsMissing(CREDENTIAL);
  await alerts.secretsMissing(OTHER);
  expect(await open()).toEqual(['ads', 'ads-2']);
  await alerts.secretsFound(CREDENTIAL);
  expect(await open()).toEqual(['ads-2']);
});

it('closes what an earlier process has left open', async () => {
  await alerts.secretsMissing(CREDENTIAL);
  await new DestinationAlerts(all, WORDS).secretsFound(CREDENTIAL);
  expect(await open()).toEqual([]);
});

it('does not take keys of people for secrets of a connection', async () => {
  await alerts.keysMissing('acme', 3);
  await alerts.secretsFound(CREDENTIAL);
  expect(await open()).toEqual([null]);
});
