import { hash } from 'node:crypto';
import type { ShopReply } from '../rest/shop-exchange.js';
import { shopQuestions, takeShopReplies, type ShopReplies } from './shop-questions.js';
import { isAskingDue, resumeReport, type ShopReport } from './shop-report.js';
import { staffAfter } from './shop-staff.js';

const sha256 = (text: string): string => hash('sha256', text, 'hex');
const NOW = Date.parse('2026-11-21T02:51:40Z');
const ASKED = { storeUrl: 'https://shop.example', secretsVersion: 3 };
const ACCESS = { restRoot: 'https://shop.example/wp-json/', authentication: 'basic' } as const;
const NOWHERE = { country: null, defaultCountry: null };
const fresh = resumeReport(null, ASKED);

const answered = (value: unknown, status = 200): ShopReply => ({
  kind: 'answered',
  answer: { status, headers: { date: 'Sat, 21 Nov 2026 02:51:42 GMT' }, body: JSON.stringify(value) },
});
const REPLIES: ShopReplies = {
  general: answered([{ id: 'woocommerce_default_country', value: 'CL:CL-RM' }]),
  weightUnit: answered({ id: 'woocommerce_weight_unit', value: 'kg' }),
  status: answered({
    environment: { version: '11.0.1', wp_cron: false },
    active_plugins: [{ plugin: 'woocommerce/woocommerce.php' }, { plugin: 'pixelyoursite/facebook-pixel-master.php' }, 7],
  }),
  index: answered({ timezone_string: 'America/Santiago', gmt_offset: -3 }),
};

describe('asking a shop about itself', () => {
  it('asks for settings with keys, and for the zone without', () => {
    const questions = shopQuestions(ACCESS);
    expect(questions.map(({ of }) => of)).toEqual([
      'general',
      'weightUnit',
      'status',
      'administrators',
      'managers',
      'mails',
      'orderMails',
      'index',
    ]);
    expect(questions.at(-1)).toMatchObject({
      request: { url: 'https://shop.example/wp-json/?_fields=timezone_string%2Cgmt_offset' },
    });
  });

  it('finds facts, the state of its system, and how far its clock is off', () => {
    const { report, said } = takeShopReplies(fresh, REPLIES, NOW, NOWHERE);
    expect(said?.facts).toMatchObject({ country: 'CL', timeZone: 'America/Santiago', weightUnit: 'kg' });
    expect(report).toMatchObject({
      askedAt: NOW,
      failure: null,
      clockAheadMs: 2_500,
      system: {
        hasWpCron: false,
        woocommerceVersion: '11.0.1',
        activePlugins: ['woocommerce/woocommerce.php', 'pixelyoursite/facebook-pixel-master.php'],
      },
    });
  });

  it('learns who runs the shop without their mails and phones, and whether every question was answered', () => {
    const total = (rows: readonly unknown[]): ShopReply => ({
      kind: 'answered',
      answer: {
        status: 200,
        headers: { date: 'Sat, 21 Nov 2026 02:51:42 GMT', 'x-wp-total': String(rows.length), 'x-wp-totalpages': '1' },
        body: JSON.stringify(rows),
      },
    });
    const replies: ShopReplies = {
      ...REPLIES,
      administrators: total([{ id: 1, email: 'Ada@Correo.CL', billing: { email: '', phone: '9 8765 4321', country: '' } }]),
      managers: total([]),
      mails: answered([{ id: 'woocommerce_email_from_address', value: 'tienda@correo.cl' }]),
    };
    const some = takeShopReplies(fresh, replies, NOW, NOWHERE).said?.staff;
    expect(some).toEqual({
      contacts: [
        { kind: 'email', normalised: sha256('ada@correo.cl') },
        { kind: 'phone', normalised: sha256('+56987654321') },
        { kind: 'email', normalised: sha256('tienda@correo.cl') },
      ],
      isWhole: false,
    });
    const orderMails = answered([{ id: 'recipient', value: 'ada@correo.cl, bodega@correo.cl' }]);
    const all = takeShopReplies(fresh, { ...replies, orderMails }, NOW, NOWHERE).said?.staff;
    expect(all?.isWhole).toBe(true);
    expect(all?.contacts.at(-1)).toEqual({ kind: 'email', normalised: sha256('bodega@correo.cl') });
    expect(all?.contacts).toHaveLength(4);
  });

  it('tells nothing of a shop that does not show its settings, keeps what was known, and asks again soon', () => {
    const known = takeShopReplies(fresh, REPLIES, NOW, NOWHERE).report;
    const later = NOW + 7 * 3_600_000;
    const refusal = answered({ code: 'woocommerce_rest_cannot_view' }, 403);
    const { report, said } = takeShopReplies(known, { general: refusal }, later, NOWHERE);
    expect(said).toBeNull();
    expect(report).toEqual({
      ...known,
      askedAt: later,
      failure: { kind: 'refuses-keys', detail: 'status 403, woocommerce_rest_cannot_view' },
    });
    expect(isAskingDue(report, later + 599_999)).toBe(false);
    expect(isAskingDue(report, later + 600_000)).toBe(true);
  });

  it('is due when nobody asked, and again after six hours', () => {
    expect(isAskingDue(fresh, NOW)).toBe(true);
    const { report } = takeShopReplies(fresh, REPLIES, NOW, NOWHERE);
    expect(isAskingDue(report, NOW + 6 * 3_600_000 - 1)).toBe(false);
    expect(isAskingDue(report, NOW + 6 * 3_600_000)).toBe(true);
  });
});

it('a report goes on for the same shop and keys, and begins anew for others', () => {
  const kept: ShopReport = { ...fresh, askedAt: NOW };
  expect(resumeReport(kept, ASKED)).toBe(kept);
  expect(resumeReport(kept, { ...ASKED, secretsVersion: 4 }).askedAt).toBeNull();
  expect(resumeReport(kept, { ...ASKED, storeUrl: 'https://other.example' }).askedAt).toBeNull();
});

it('staff that is not among the answers is staff no more, unless an answer is missing', () => {
  expect(staffAfter(['b', 'a'], ['c', 'b', 'c'], true)).toEqual(['b', 'c']);
  expect(staffAfter(['b', 'a'], ['c'], false)).toEqual(['a', 'b', 'c']);
});
