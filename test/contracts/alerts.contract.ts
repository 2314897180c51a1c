import { asConnectionId, asTenantId, type Alerts, type AlertToOpen } from '@tributary/domain';

const acme = asTenantId('acme');
const shop = asConnectionId('shop');
const badSignature: AlertToOpen = {
  tenantId: acme,
  connectionId: shop,
  kind: 'bad-signature',
  what: 'A signature does not match.',
  todo: 'Compare the secrets.',
};

/** What every keeper of alerts does; `empty` gives one that holds nothing. */
export function alertsContract(empty: () => Promise<Alerts> | Alerts): void {
  let alerts: Alerts;
  beforeEach(async () => {
    alerts = await empty();
  });

  it('lists what was opened, with what happened and what to do', async () => {
    await alerts.open(badSignature);
    const [alert] = await alerts.list(acme);
    expect(alert).toMatchObject({ ...badSignature, occurrences: 1, closedAt: null });
    expect(alert?.since).toEqual(alert?.lastSeen);
  });

  it('counts what happens again instead of listing it twice, and tells the newest', async () => {
    await alerts.open(badSignature);
    await alerts.open({ ...badSignature, what: 'It happened again.' });
    expect(await alerts.list(acme)).toMatchObject([{ what: 'It happened again.', occurrences: 2 }]);
  });

  it('keeps kinds, connections and tenants apart', async () => {
    await alerts.open(badSignature);
    await alerts.open({ ...badSignature, connectionId: null });
    await alerts.open({ ...badSignature, kind: 'log-gap' });
    await alerts.open({ ...badSignature, tenantId: asTenantId('other') });
    expect(await alerts.list(acme)).toHaveLength(3);
    expect(await alerts.list(null)).toHaveLength(4);
    await alerts.close(acme, null, 'bad-signature');
    expect((await alerts.list(acme)).map(({ connectionId, kind }) => `${connectionId} ${kind}`).toSorted()).toEqual([
      'shop bad-signature',
      'shop log-gap',
    ]);
  });

  it('opens anew after it was closed', async () => {
    await alerts.open(badSignature);
    const [before] = await alerts.list(acme);
    await alerts.close(acme, shop, 'bad-signature');
    expect(await alerts.list(acme)).toEqual([]);
    await alerts.open(badSignature);
    const [after] = await alerts.list(acme);
    expect(after?.occurrences).toBe(1);
    expect(after?.id).not.toBe(before?.id);
  });

  it('stays open until it was quiet for as long as asked', async () => {
    await alerts.open(badSignature);
    await alerts.close(acme, shop, 'bad-signature', 3_600_000);
    expect(await alerts.list(acme)).toHaveLength(1);
    await alerts.close(acme, shop, 'bad-signature', 0);
    expect(await alerts.list(acme)).toEqual([]);
  });

  it('closes what is not open without a word', async () => {
    await alerts.close(acme, shop, 'kafka-away');
    expect(await alerts.list(null)).toEqual([]);
  });
}
