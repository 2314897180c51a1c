import { asConnectionId, asTenantId } from '@tributary/domain';
import { brokenWebhooksAlert } from './webhook-alerts.js';

const SHOP = { tenantId: asTenantId('acme'), connectionId: asConnectionId('shop') };
const DISABLED = [{ topic: 'order.updated', fault: 'disabled' }] as const;
const DONE = { mayOnlyRead: false, failure: null };

describe('the alert of broken webhooks', () => {
  it('is quiet when nothing was broken, also when a shop’s keys may only read or it does not answer just now', () => {
    expect(brokenWebhooksAlert(SHOP, [], DONE)).toBeNull();
    expect(brokenWebhooksAlert(SHOP, [], { mayOnlyRead: true, failure: null })).toBeNull();
    expect(brokenWebhooksAlert(SHOP, [], { mayOnlyRead: false, failure: { kind: 'timeout', detail: '' } })).toBeNull();
  });

  it('is quiet when ingest has moved', () => {
    expect(brokenWebhooksAlert(SHOP, [{ topic: 'order.updated', fault: 'moved' }], DONE)).toBeNull();
    const both = brokenWebhooksAlert(SHOP, [...DISABLED, { topic: 'order.created', fault: 'moved' }], DONE);
    expect(both?.what).not.toContain('order.created');
  });

  it('says what was broken and that it was mended', () => {
    const alert = brokenWebhooksAlert(SHOP, DISABLED, DONE);
    expect(alert).toMatchObject({ kind: 'shop-webhooks-broken', what: expect.stringMatching(/order\.updated \(disabled.*made anew/) });
  });

  it('says what a person must do when they cannot be made', () => {
    expect(brokenWebhooksAlert(SHOP, DISABLED, { mayOnlyRead: true, failure: null })?.todo).toContain('read and write');
    const refused = brokenWebhooksAlert(SHOP, [], { mayOnlyRead: false, failure: { kind: 'unusable', detail: 'status 400' } });
    expect(refused).toMatchObject({ what: expect.stringContaining('status 400'), todo: expect.stringContaining('firewall') });
  });
});
