import { areWebhooksDue, resumeReport, type ShopReport } from './shop-report.js';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const MINUTE = 60_000;
const WANTED = { base: 'https://in.example', topics: ['order.created'] };
const report = (checkedAt: number, unmanaged: 'read-only' | null = null): ShopReport => ({
  ...resumeReport(null, { storeUrl: 'https://shop.example', secretsVersion: 1 }),
  webhooks: { ...WANTED, checkedAt, unmanaged, failure: null, active: [], byHand: [], brokenAt: null, isAlerted: false },
});

describe('the webhooks of a shop are looked at', () => {
  it('when nobody did yet, and again after five minutes', () => {
    expect(areWebhooksDue(resumeReport(null, { storeUrl: 'https://shop.example', secretsVersion: 1 }), WANTED, NOW)).toBe(true);
    expect(areWebhooksDue(report(NOW - 4 * MINUTE), WANTED, NOW)).toBe(false);
    expect(areWebhooksDue(report(NOW - 5 * MINUTE), WANTED, NOW)).toBe(true);
  });

  it('daily where the keys may only read', () => {
    expect(areWebhooksDue(report(NOW - 60 * MINUTE, 'read-only'), WANTED, NOW)).toBe(false);
    expect(areWebhooksDue(report(NOW - 25 * 60 * MINUTE, 'read-only'), WANTED, NOW)).toBe(true);
  });

  it('at once when others are wanted', () => {
    expect(areWebhooksDue(report(NOW), { ...WANTED, topics: ['order.created', 'customer.deleted'] }, NOW)).toBe(true);
    expect(areWebhooksDue(report(NOW), { ...WANTED, topics: [] }, NOW)).toBe(true);
    expect(areWebhooksDue(report(NOW), { ...WANTED, base: 'https://new.example' }, NOW)).toBe(true);
  });
});
