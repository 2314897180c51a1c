import type { ConsentAnswer, Envelope, ReasonCode, ShownIdentifier, VisitEvent, VisitPersonal } from '@tributary/domain';
import { isJsonObject, type JsonObject } from '../woocommerce/body-reader.js';
import { allowsIdentifiers, consentOf, plainText } from './visit-body.js';
import type { VisitConnection } from './visit-connection.js';
import { commerceOf, FirstProblem, momentOf, optionalText, propertiesOf, shortText, untimely } from './visit-fields.js';
import { type PageReader, type VisitedPage } from './visit-page.js';
import { peopleIn, type ShownPeople } from './visit-people.js';

type WithoutSubjects<E> = E extends VisitEvent ? Omit<E, 'visitor' | 'sealedUnder' | 'sealedPersonal' | 'clickMark' | 'subjects'> : never;
/** A visit before anybody is looked up. */
export type UnsealedVisitEvent = WithoutSubjects<VisitEvent>;

export interface VisitFact {
  readonly kind: 'visit';
  readonly event: UnsealedVisitEvent;
  /** Looked up and named in the record; null where there is none or consent does not allow it. */
  readonly visitorId: string | null;
  /** Null where nothing personal may be kept. */
  readonly personal: VisitPersonal | null;
  /** Whom a registration names, where consent allows it. */
  readonly people: readonly ShownIdentifier[];
}

export interface RefusedVisit {
  readonly kind: 'refused';
  /** Empty when it could not be read. */
  readonly eventId: string;
  readonly code: ReasonCode;
  /** Names the field at fault, never its value. */
  readonly detail: string | null;
}

/** What all events of a request share. */
export interface VisitSetting {
  readonly connection: VisitConnection;
  readonly receivedAt: number;
  readonly visitorId: string | null;
  /** Of events that say nothing themselves. */
  readonly consent: ConsentAnswer;
  readonly isPrivacyControlOn: boolean;
  readonly isBot: boolean;
  readonly evidence: VisitEvidence;
  readonly pages: PageReader;
}

/** What a request shows of the browser, whatever the event. */
export interface VisitEvidence {
  readonly ip: string;
  readonly userAgent: string;
  readonly locale: string;
  readonly ttclid: string;
  readonly ttclidAt: number | null;
  readonly ttp: string;
}

const EVENT_ID = /^[A-Za-z0-9._~-]{1,100}$/;
const CUSTOM_NAME = /^[a-z][a-z0-9_]{0,63}$/;
const ORDER_ID = /^[1-9]\d{0,18}$/;
const MAX_URL_CHARS = 8_000;
const NOBODY: ShownPeople = { email: null, phone: null, customer: null, ignored: [] };

const PERSONAL_FIELDS = [
  'customerId',
  'email',
  'ip',
  'locale',
  'phone',
  'properties',
  'referrer',
  'searchText',
  'ttclid',
  'ttp',
  'url',
  'userAgent',
] as const;

function isFilled(personal: VisitPersonal, field: (typeof PERSONAL_FIELDS)[number]): boolean {
  if (field === 'properties') return Object.keys(personal.properties).length > 0;
  if (field === 'email') return personal.emailSha256 !== '';
  return field === 'phone' ? personal.phoneSha256 !== '' : personal[field] !== '';
}

type Parts = Omit<UnsealedVisitEvent, 'type'>;
type TypeReader = (event: JsonObject, parts: Parts, problem: FirstProblem) => UnsealedVisitEvent;

function purchaseShown(event: JsonObject, parts: Parts, problem: FirstProblem): UnsealedVisitEvent {
  const orderId = plainText(event['orderId'], 20).trim();
  if (!ORDER_ID.test(orderId)) problem.add('orderId is not an id');
  const { isPaid } = event;
  if (isPaid !== undefined && isPaid !== null && typeof isPaid !== 'boolean') problem.add('isPaid is neither true nor false');
  return {
    type: 'PurchaseShown',
    ...parts,
    ...commerceOf(event, problem),
    orderId,
    orderNumber: optionalText(event, 'orderNumber'),
    isPaid: typeof isPaid === 'boolean' ? isPaid : null,
    pixelEventId: optionalText(event, 'pixelEventId'),
    pixelEventName: optionalText(event, 'pixelEventName'),
    pixelCode: optionalText(event, 'pixelCode'),
  };
}

/** By the name that the interface has for it. */
const READERS: ReadonlyMap<string, TypeReader> = new Map<string, TypeReader>([
  ['page_view', (_, parts) => ({ type: 'PageViewed', ...parts })],
  ['product_view', (event, parts, problem) => ({ type: 'ProductViewed', ...parts, ...commerceOf(event, problem) })],
  ['cart_add', (event, parts, problem) => ({ type: 'CartItemAdded', ...parts, ...commerceOf(event, problem) })],
  ['checkout_start', (event, parts, problem) => ({ type: 'CheckoutStarted', ...parts, ...commerceOf(event, problem) })],
  [
    'payment_info',
    (event, parts, problem) => ({
      type: 'PaymentInfoAdded',
      ...parts,
      ...commerceOf(event, problem),
      paymentMethod: optionalText(event, 'paymentMethod'),
    }),
  ],
  ['search', (event, parts, problem) => ({ type: 'Searched', ...parts, ...commerceOf(event, problem) })],
  ['registration', (_, parts) => ({ type: 'Registered', ...parts })],
  ['purchase_shown', purchaseShown],
  ['consent', (event, parts) => ({ type: 'ConsentChanged', ...parts, signal: optionalText(event, 'signal') })],
]);

/** The click id of the page's address, else of a referrer on the same host, else as the browser kept it. */
function clickOf(
  page: VisitedPage,
  referrer: VisitedPage | null,
  occurredAt: number,
  { evidence }: VisitSetting,
): Pick<VisitPersonal, 'ttclid' | 'ttclidAt'> {
  const seen = page.ttclid !== '' ? page.ttclid : referrer !== null && referrer.host === page.host ? referrer.ttclid : '';
  if (seen === '') return evidence;
  // The browser may have kept the same one since an earlier page.
  return { ttclid: seen, ttclidAt: seen === evidence.ttclid && evidence.ttclidAt !== null ? evidence.ttclidAt : occurredAt };
}

const refused = (eventId: string, code: ReasonCode, detail: string | null = null): RefusedVisit => ({
  kind: 'refused',
  eventId,
  code,
  detail,
});

function personalOf(
  event: JsonObject,
  page: VisitedPage,
  people: ShownPeople,
  occurredAt: number,
  setting: VisitSetting,
  problem: FirstProblem,
): VisitPersonal {
  const { evidence, pages, visitorId } = setting;
  const { referrer } = event;
  const referrerText = plainText(referrer, MAX_URL_CHARS);
  const { ttclid, ttclidAt } = clickOf(page, referrerText.includes('ttclid=') ? pages.of(referrer) : null, occurredAt, setting);
  return {
    url: page.url,
    referrer: referrerText,
    ip: evidence.ip,
    userAgent: evidence.userAgent,
    locale: evidence.locale,
    ttclid,
    ttclidAt,
    ttp: evidence.ttp,
    searchText: event['searchText'] === undefined ? '' : shortText(event, 'searchText'),
    email: people.email?.value ?? '',
    emailSha256: people.email?.sha256 ?? '',
    phone: people.phone?.value ?? '',
    phoneSha256: people.phone?.sha256 ?? '',
    customerId: people.customer?.value ?? '',
    visitorId: visitorId ?? '',
    properties: propertiesOf(event['properties'], problem),
  };
}

/**
 * One event of a request to the collector, turned into a fact. Never throws. Refusals: `bot`, `invalid-field`, `event-too-old`,
 * `event-in-the-future`. Without consent nothing is kept that could name somebody; a denial keeps its visitor where the visitor
 * says it (`consent`), so that it reaches what was collected before.
 */
export function readVisit(value: unknown, setting: VisitSetting): VisitFact | RefusedVisit {
  if (!isJsonObject(value)) return refused('', 'invalid-field', 'the event is not an object');
  const { eventId, type } = value;
  if (typeof eventId !== 'string' || !EVENT_ID.test(eventId)) return refused('', 'invalid-field', 'eventId is not an event id');
  if (setting.isBot) return refused(eventId, 'bot');
  const reader = typeof type === 'string' ? READERS.get(type) : undefined;
  if (reader === undefined && (typeof type !== 'string' || !CUSTOM_NAME.test(type)))
    return refused(eventId, 'invalid-field', 'type is not an event type');
  const occurredAt = momentOf(value['occurredAt']);
  if (occurredAt === null) return refused(eventId, 'invalid-field', 'occurredAt is not a moment');
  const late = untimely(occurredAt, setting.receivedAt);
  if (late !== null) return refused(eventId, late);
  const page = setting.pages.of(value['url']);
  if (page === null) return refused(eventId, 'invalid-field', 'url is not an http address');
  const own = consentOf(value['consent']);
  if (own === undefined) return refused(eventId, 'invalid-field', 'consent.ads is not an answer');
  return factOf(value, { eventId, type: type as string, reader, occurredAt, page, consent: own ?? setting.consent }, setting);
}

interface ReadParts {
  readonly eventId: string;
  readonly type: string;
  readonly reader: TypeReader | undefined;
  readonly occurredAt: number;
  readonly page: VisitedPage;
  readonly consent: ConsentAnswer;
}

function factOf(value: JsonObject, read: ReadParts, setting: VisitSetting): VisitFact | RefusedVisit {
  const { connection, visitorId } = setting;
  const consent = setting.isPrivacyControlOn ? 'denied' : read.consent;
  const mayIdentify = allowsIdentifiers(consent, connection.isConsentRequired);
  const problem = new FirstProblem();
  const people = mayIdentify && read.type === 'registration' ? peopleIn(value, connection, problem) : NOBODY;
  const personal = mayIdentify && visitorId !== null ? personalOf(value, read.page, people, read.occurredAt, setting, problem) : null;
  const envelope: Envelope = {
    eventId: read.eventId,
    tenantId: connection.tenantId,
    connectionId: connection.connectionId,
    occurredAt: read.occurredAt,
    receivedAt: setting.receivedAt,
    source: 'browser',
  };
  const parts: Parts = {
    ...envelope,
    shopConnectionId: connection.shopConnectionId,
    consent,
    isConsentRequired: connection.isConsentRequired,
    pageHost: read.page.host,
    pagePath: read.page.path,
    personalFields: personal === null ? [] : PERSONAL_FIELDS.filter((field) => isFilled(personal, field)),
  };
  const event =
    read.reader === undefined
      ? { type: 'CustomVisitEvent' as const, ...parts, ...commerceOf(value, problem), name: read.type }
      : read.reader(value, parts, problem);
  if (problem.text !== null) return refused(read.eventId, 'invalid-field', problem.text);
  return {
    kind: 'visit',
    event,
    visitorId: mayIdentify || event.type === 'ConsentChanged' ? visitorId : null,
    personal,
    people: [people.customer, people.email, people.phone].filter((shown) => shown !== null),
  };
}
