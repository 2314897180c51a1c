import { asConnectionId } from './ids.js';
import { isPlaceholder, shownByOrder, shownCustomer, shownEmail, shownPhone, shownVisitor } from './identifier-rules.js';
import { normaliseEmail, normalisePhone, type PersonIdentifier } from './person-identifiers.js';

const SHOP = asConnectionId('shop');
const OWN = ['shop.example', 'tienda.cl'];

function emailOf(text: string): PersonIdentifier {
  const identifier = normaliseEmail(text);
  if (identifier === null) throw new Error(`${text} is no mail address`);
  return identifier;
}
function phoneOf(text: string): PersonIdentifier {
  const identifier = normalisePhone(text, ['CL']);
  if (identifier === null) throw new Error(`${text} is no phone`);
  return identifier;
}

describe('a mail address', () => {
  it.each([
    ['zoe@correo.cl', null],
    ['test@correo.cl', 'test-address'],
    ['zoe@test.cl', 'test-address'],
    ['zoe@example.com', 'test-address'],
    ['zoe@mail.example.org', 'test-address'],
    ['noemail@correo.cl', 'nobodys-address'],
    ['no-reply@correo.cl', 'nobodys-address'],
    ['noreply+17@correo.cl', 'nobodys-address'],
    ['anonymous@correo.cl', 'placeholder'],
    ['0@correo.cl', 'placeholder'],
    ['contest@correo.cl', null],
  ])('%s is blocked as %s', (text, blocked) => expect(shownEmail(emailOf(text), OWN).flags.blocked).toBe(blocked));

  it.each([
    ['zoe@tienda.cl', true],
    ['zoe@ventas.tienda.cl', true],
    ['zoe@mitienda.cl', false],
    ['zoe@tienda.cl.correo.cl', false],
  ])('%s is the merchant’s own: %s', (text, isOwn) => expect(shownEmail(emailOf(text), OWN).flags.isMerchantOwn).toBe(isOwn));

  it.each([
    ['info@correo.cl', true],
    ['Ventas+web@correo.cl', true],
    ['informatica@correo.cl', false],
  ])('%s has a function: %s', (text, isRole) => expect(shownEmail(emailOf(text), OWN).flags.isRoleAddress).toBe(isRole));

  it('that came hashed is the same person as in clear, and nothing else can be said of it', () => {
    const clear = shownEmail(emailOf(' Zoe@Tienda.CL '), OWN);
    const hashed = shownEmail({ kind: 'hashed', sha256: clear.sha256 }, OWN);
    expect(hashed).toEqual({
      kind: 'email',
      lookup: clear.lookup,
      value: '',
      shopConnectionId: '',
      sha256: clear.sha256,
      flags: { blocked: null, isMerchantOwn: false, isRoleAddress: false, isHashOnly: true },
    });
  });
});

describe('a phone', () => {
  it.each([
    ['9 8765 4321', null],
    ['+56999999999', 'repeated-digit'],
    ['+56912345678', 'ascending-digits'],
    ['+56911111112', null],
  ])('%s is blocked as %s', (text, blocked) => expect(shownPhone(phoneOf(text)).flags.blocked).toBe(blocked));
});

it.each(['', ' ', '0', '-1', '000', '---', 'NULL', '"guest"', "'undefined'", '[object Object]', 'abc123', 'distinct_id'])(
  '%j stands for nobody',
  (text) => expect(isPlaceholder(text)).toBe(true),
);
it.each(['1', 'zoe', 'a0', '"17"x', 'guest-17'])('%j may stand for somebody', (text) => expect(isPlaceholder(text)).toBe(false));

it('a customer id is one shop’s, a visitor id everybody’s', () => {
  expect(shownCustomer(SHOP, '17')).toMatchObject({ lookup: 'shop:17', value: '17', shopConnectionId: 'shop' });
  expect(shownVisitor('tto.1.x').lookup).toBe('tto.1.x');
});

describe('what an order shows together', () => {
  const names = {
    connectionId: SHOP,
    contacts: { email: emailOf('zoe@correo.cl'), phone: phoneOf('9 8765 4321') },
    customerId: '17',
    visitorId: 'tto.1.x',
    consent: null,
  };
  const kinds = (overrides: Partial<typeof names> | { consent: string }): string[] =>
    shownByOrder({ ...names, ...overrides }, OWN).map(({ kind }) => kind);

  it('is everybody it names, sorted', () => expect(kinds({})).toEqual(['customer', 'email', 'phone', 'visitor']));
  it('is not its visitor when consent was denied', () => expect(kinds({ consent: 'denied' })).toEqual(['customer', 'email', 'phone']));
  it('is nothing of one alone', () => {
    expect(kinds({ contacts: { email: null, phone: null }, customerId: null } as unknown as typeof names)).toEqual([]);
  });
});
