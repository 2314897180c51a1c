import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DESTINATIONS, type RegisteredDestination } from '@tributary/destinations';
import {
  UNKNOWN_BUYER,
  asConnectionId,
  asTenantId,
  type DeliveryIntent,
  type DeliveryOutcome,
  type OrderPersonal,
  type PersonalAddress,
  type VendorReply,
} from '@tributary/domain';

/** What every destination promises (docs/add-a-destination.md). Each check answers with what is wrong and what to do. */
type AnyDestination = RegisteredDestination<unknown, unknown>;
type Registry = Readonly<Record<string, AnyDestination>>;

const SOURCE_FOLDER = join(__dirname, '../../libs/destinations/src');
const REGISTRY: Registry = DESTINATIONS;
const foldersOf = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);

const billing: PersonalAddress = {
  firstName: 'María',
  lastName: 'Pérez',
  company: 'Siempre Viva SpA',
  address1: 'Av. Siempre Viva 742',
  address2: 'Depto 5B',
  city: 'Santiago',
  state: 'CL-RM',
  postcode: '8320000',
  country: 'CL',
  email: 'maria.perez@example.com',
  phone: '+56 9 8765 4321',
};
const personal: OrderPersonal = {
  billing,
  shipping: billing,
  customerId: '90210017',
  customerIp: '203.0.113.9',
  customerUserAgent: 'Mozilla/5.0',
  visitorId: 'visitor-90210018',
  ttclid: 'E.C.P.click',
  ttp: 'ttp-cookie',
  customerNote: 'call before you come',
  attribution: {
    session_entry: 'https://shop.example/?email=maria.perez%40example.com&phone=%2B56987654321&order_key=wc_order_k3y&ttclid=E.C.P.click',
  },
};
const intent = (orderId: string): DeliveryIntent => ({
  tenant: { tenantId: asTenantId('acme'), defaultCountry: 'CL' },
  source: { connectionId: asConnectionId('shop'), storeUrl: 'https://shop.example', country: 'CL', isConsentRequired: false },
  eventName: 'Purchase',
  reference: orderId,
  orderNumber: orderId,
  billingCountry: 'CL',
  personal,
  isRenewal: false,
  orderStatus: 'processing',
  products: new Map(),
  orderedAt: Date.parse('2026-11-20T09:59:00Z'),
  consent: null,
  revision: '0',
  isBaseSent: true,
  background: UNKNOWN_BUYER,
  plan: {
    vendorEventId: `wc_order_${orderId}`,
    eventTime: Date.parse('2026-11-20T10:00:00Z'),
    observationId: '01930000-0000-7000-8000-000000000001',
    settingsVersion: 1,
    value: '45815',
    currency: 'CLP',
    rate: null,
    rateDate: null,
    contentType: 'product',
    lines: [{ lineId: '11', contentId: 'MUG', name: 'Mug', unitPrice: '18000', quantity: 2 }],
    matchKeys: ['email'],
  },
});

/** Where it may stand in clear: nowhere. Written without accents, in lower case. */
const PERSONAL_TEXTS = ['maria', 'perez', 'siempre viva', 'depto', '8320000', '90210017', '90210018', 'call before', 'k3y'];
const PERSONAL_DIGITS = '987654321';
/** Of these nobody who ships anything needs to know, so they stand in clear nowhere at all. */
const NEVER_IN_CLEAR = ['90210017', '90210018', 'k3y', 'e.c.p.click', 'ttp-cookie', '203.0.113.9', 'mozilla'];

const isSha256 = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);
const plainText = (text: string): string => decodeURIComponent(text).normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(textsOf);
  return [String(value)];
}

function registrationProblems(folders: readonly string[], registry: Registry): readonly string[] {
  return [
    ...(folders.length === 0 ? ['no folder of a destination was found: this test looks in the wrong place'] : []),
    ...folders
      .filter((folder) => !Object.hasOwn(registry, folder))
      .map((folder) => `${folder} is not registered: add its line to registry.ts`),
    ...Object.keys(registry)
      .filter((kind) => !folders.includes(kind))
      .map((kind) => `${kind} is registered without a folder of that name`),
    ...Object.entries(registry)
      .filter(([kind, { destination }]) => destination.kind !== kind)
      .map(([kind, { destination }]) => `${kind} calls itself ${destination.kind}: kind and folder name must be equal`),
  ];
}

function exampleProblems({ settingsSchema, secretsSchema, example }: AnyDestination): readonly string[] {
  const settings = settingsSchema.safeParse(example.settings);
  if (!settings.success) return [`the example settings are refused: ${settings.error.message}`];
  const again = settingsSchema.safeParse(JSON.parse(JSON.stringify(settings.data)));
  return [
    ...(again.success && JSON.stringify(again.data) === JSON.stringify(settings.data) ? [] : ['settings change when they are read back']),
    ...(secretsSchema.safeParse(example.secrets).success ? [] : ['the example secrets are refused']),
    ...(settingsSchema.safeParse({ ...(example.settings as object), surprise: 1 }).success ? ['an unknown setting is no error'] : []),
    ...(settingsSchema.safeParse({ ...(example.settings as object), ...(example.secrets as object) }).success
      ? ['settings take secrets']
      : []),
  ];
}

function requestProblems({ destination, settingsSchema, secretsSchema, example }: AnyDestination): readonly string[] {
  const secrets = secretsSchema.parse(example.secrets);
  const request = destination.toRequest(
    [intent('1001')],
    'live',
    settingsSchema.parse(example.settings),
    secrets,
    'https://vendor.example',
  );
  const texts = [...textsOf(JSON.parse(request.body)), request.url].filter((text) => !isSha256(text));
  const plain = texts.map(plainText);
  const isClear = destination.sendsPersonalDataInClear === true;
  const leaks = (isClear ? NEVER_IN_CLEAR : PERSONAL_TEXTS).filter((secret) => plain.some((text) => text.includes(secret)));
  const hasPhone = !isClear && texts.some((text) => text.replace(/\D/g, '').includes(PERSONAL_DIGITS));
  const isSecretShown = textsOf(secrets).some((secret) => `${request.url}${request.body}`.includes(secret));
  return [
    ...leaks.map((leak) => `the request holds "${leak}" in clear: hash it or leave it out`),
    ...(hasPhone ? ['the request holds the phone in clear'] : []),
    ...(isSecretShown ? ['a secret stands in the address or the body: it belongs into a header'] : []),
  ];
}

const answered = (status: number, body = '<html></html>'): VendorReply => ({ kind: 'answered', status, body, headers: {} });
const RETRIABLE: readonly (readonly [what: string, reply: VendorReply])[] = [
  ...[429, 500, 502, 503, 504].map((status) => [`HTTP ${status}`, answered(status)] as const),
  ['a page instead of an answer', answered(200)],
  ['an empty answer', answered(200, '')],
  ['JSON that is no answer', answered(200, 'null')],
  ['a refused connection', { kind: 'not-sent', cause: 'ECONNREFUSED' }],
  ['no answer', { kind: 'no-answer', cause: 'timeout' }],
];

/** Retriable: `transient`, or `unknown` where the vendor may have taken it. */
const isRetriable = (outcome: DeliveryOutcome | undefined): boolean => outcome?.kind === 'transient' || outcome?.kind === 'unknown';

function interpretationProblems({ destination }: AnyDestination): readonly string[] {
  return RETRIABLE.flatMap(([what, reply]) => {
    const outcomes = destination.interpret(reply, 3);
    if (outcomes.length !== 3) return [`${what}: ${outcomes.length} outcomes for 3 intents`];
    return outcomes.every(isRetriable) ? [] : [`${what} is read as ${outcomes[0]?.kind}: it must be transient or unknown`];
  });
}

/** Uncertain outcomes are never read as `transient`: an immediate repeat is only safe where the vendor recognises it. */
function uncertaintyProblems({ destination }: AnyDestination): readonly string[] {
  const [outcome] = destination.interpret({ kind: 'no-answer', cause: 'timeout' }, 1);
  return outcome?.kind === 'unknown' ? [] : [`a time-out is read as ${outcome?.kind}: nobody knows whether it was taken, so unknown`];
}

describe.each(Object.entries(REGISTRY))('%s', (kind, entry) => {
  it('has its three files', () => {
    const files = [`${kind}.schema.ts`, `${kind}.destination.ts`, `${kind}.destination.spec.ts`];
    expect(files.filter((file) => !existsSync(join(SOURCE_FOLDER, kind, file)))).toEqual([]);
  });
  it('reads its own example', () => expect(exampleProblems(entry)).toEqual([]));
  it('sends nobody’s data in clear', () => expect(requestProblems(entry)).toEqual([]));
  it('tries again what may pass later', () => expect(interpretationProblems(entry)).toEqual([]));
  it('knows when it does not know', () => expect(uncertaintyProblems(entry)).toEqual([]));
});

it('every folder is registered under its own name', () => expect(registrationProblems(foldersOf(SOURCE_FOLDER), REGISTRY)).toEqual([]));

describe('the checks themselves catch', () => {
  const good = REGISTRY['tiktok'];
  if (good === undefined) throw new Error('the planted mistakes start from the TikTok destination');
  const changed = (fields: Partial<AnyDestination['destination']>): AnyDestination => ({
    ...good,
    destination: { ...good.destination, ...fields },
  });
  const leaking = (leak: (intent: DeliveryIntent) => string): AnyDestination =>
    changed({
      toRequest: ([first], ...rest) => {
        const request = good.destination.toRequest(first === undefined ? [] : [first], ...rest);
        return {
          ...request,
          body: JSON.stringify({ ...(JSON.parse(request.body) as object), leak: first === undefined ? '' : leak(first) }),
        };
      },
    });
  const answering = (outcome: DeliveryOutcome, outcomes = 3): AnyDestination =>
    changed({ interpret: () => Array.from({ length: outcomes }, () => outcome) });
  const answer = { code: 'x', message: '', requestId: null };

  it.each<[string, readonly string[], string]>([
    ['an unregistered folder', registrationProblems(['tiktok', 'ghost'], REGISTRY), 'ghost is not registered'],
    [
      'a line without a folder',
      registrationProblems(['tiktok'], { ...REGISTRY, ghost: changed({ kind: 'ghost' }) }),
      'ghost is registered without a folder',
    ],
    [
      'a kind that is not the folder’s name',
      registrationProblems(['tiktok'], { tiktok: changed({ kind: 'tik-tok' }) }),
      'tiktok calls itself tik-tok',
    ],
    ['an empty place', registrationProblems([], {}), 'looks in the wrong place'],
    ['a clear mail address', requestProblems(leaking(({ personal: buyer }) => buyer?.billing.email ?? '')), '"maria" in clear'],
    [
      'an encoded mail address',
      requestProblems(leaking(({ personal: buyer }) => buyer?.attribution['session_entry'] ?? '')),
      '"perez" in clear',
    ],
    ['a clear phone', requestProblems(leaking(({ personal: buyer }) => buyer?.billing.phone ?? '')), 'the phone in clear'],
    ['a clear name', requestProblems(leaking(({ personal: buyer }) => buyer?.billing.lastName.toUpperCase() ?? '')), '"perez" in clear'],
    ['a clear customer id', requestProblems(leaking(({ personal: buyer }) => buyer?.customerId ?? '')), '"90210017" in clear'],
    [
      'a click id sent to a courier',
      requestProblems({
        ...leaking(({ personal: buyer }) => buyer?.ttclid ?? ''),
        destination: { ...leaking(({ personal: buyer }) => buyer?.ttclid ?? '').destination, sendsPersonalDataInClear: true },
      }),
      '"e.c.p.click" in clear',
    ],
    ['a secret in the body', requestProblems(leaking(() => 'example-access-token')), 'a secret stands in'],
    [
      '429 read as refused',
      interpretationProblems(answering({ kind: 'rejected', reason: 'vendor-refused', answer })),
      'HTTP 429 is read as rejected',
    ],
    ['500 read as delivered', interpretationProblems(answering({ kind: 'delivered', answer })), 'HTTP 500 is read as delivered'],
    ['an outcome too few', interpretationProblems(answering({ kind: 'unknown', answer }, 2)), '2 outcomes for 3 intents'],
    [
      'a time-out read as a plain failure',
      uncertaintyProblems(answering({ kind: 'transient', isThrottled: false, retryAfterMs: null, answer })),
      'a time-out is read as transient',
    ],
    [
      'an example that is refused',
      exampleProblems({ ...good, example: { ...good.example, settings: {} } }),
      'the example settings are refused',
    ],
  ])('%s', (_what, problems, expected) => {
    expect(problems.join('\n')).toContain(expected);
  });
});
