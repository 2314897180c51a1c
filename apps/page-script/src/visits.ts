import { clickIds, forget, mintId, store, stored, visitorId } from './browser-storage.js';
import { isAllowed, watchConsent, type Consent, type ConsentWatch } from './consent.js';
import { openOutbox, type Outbox, type Visit } from './outbox.js';
import type { Fields } from './page-window.js';
import { openPixel, type PixelTwin } from './pixel.js';
import type { Settings } from './settings.js';

/** What saw it: the page's elements, the data layer, or a call of the API. */
export type Witness = 'page' | 'data-layer' | 'api';

export interface Order extends Fields {
  readonly orderId: string;
  /** The pixel's event id, which is the server's too. */
  readonly eventId: string;
}

export interface Visits {
  readonly consent: ConsentWatch;
  /** Mints the event id and returns it; empty when the visit is not taken. */
  readonly track: (type: string, fields?: Fields, witness?: Witness) => string;
  readonly identify: (person: Fields) => void;
  /** The browser's Purchase, once per order. */
  readonly showPurchase: (order: Order) => void;
}

/** Two witnesses of one click on "add to cart" differ by no more. */
const SAME_CLICK_MS = 2_000;

interface Open {
  readonly outbox: Outbox;
  readonly visitor: string;
}

const mint = (type: string, fields: Fields): Visit & { readonly type: string } => ({
  referrer: document.referrer || undefined,
  ...fields,
  type,
  eventId: mintId(),
  occurredAt: new Date().toISOString(),
  url: location.href,
});

const answerOf = (state: Consent): Fields => ({ consent: state === 'granted' || state === 'denied' ? { ads: state } : undefined });

/** A page that has both a data layer and WooCommerce's own signs tells the same thing twice: whether another witness told it before. */
function compareWitnesses(): (type: string, witness: Witness) => boolean {
  const lastSeen: Record<string, readonly [witness: Witness, at: number]> = {};
  return (type, witness) => {
    const now = Date.now();
    const [last, at] = (lastSeen[type] ??= [witness, now]);
    if (last !== witness && (type !== 'cart_add' || now - at < SAME_CLICK_MS)) return true;
    lastSeen[type] = [witness, now];
    return false;
  };
}

/** Marks the order as shown; false when it was already. */
function isFirstShowing(orderId: string): boolean {
  const shown = stored<string[]>('shown') ?? [];
  store('shown', [...shown, orderId]);
  return !shown.includes(orderId);
}

const purchaseShown = (order: Order, pixelCode: string): Visit =>
  mint('purchase_shown', {
    ...order,
    isDue: undefined,
    pixelEventId: order.eventId,
    pixelEventName: 'Purchase',
    pixelCode: pixelCode || undefined,
  });

/** Everything that is seen goes through here: held in memory while the answer is awaited, dropped on a no, else sent. */
export function openVisits(settings: Settings): Visits {
  let held: (() => void)[] = [];
  let opened: Open | undefined;
  const isTold = compareWitnesses();
  const consent = watchConsent(settings.isConsentRequired, onConsent);
  const pixel: PixelTwin = openPixel(settings.pixelCode, consent.isAllowed);

  function open(): Open {
    if (opened !== undefined) return opened;
    const visitor = visitorId();
    const batch = (): Fields => ({
      writeKey: settings.writeKey,
      visitorId: visitor,
      locale: navigator.language,
      ...answerOf(consent.current()),
      ...clickIds(new Date()),
    });
    opened = { visitor, outbox: openOutbox(settings, batch, consent.isAllowed) };
    pixel.identify({ external_id: visitor });
    return opened;
  }
  const send = (visit: Visit): void =>
    open().outbox.add({ contentType: visit['contents'] && 'product', ...answerOf(consent.current()), ...visit });
  const whenAllowed = (run: () => void): void => {
    if (consent.isAllowed()) run();
    else if (consent.current() === 'pending') held.push(run);
  };

  function release(): void {
    const ready = held;
    held = [];
    for (const run of ready) run();
  }
  function onConsent(now: Consent, before: Consent): void {
    const changed = { ...mint('consent', { signal: consent.source() }), ...answerOf(now) };
    if (now === 'denied') {
      held = [];
      if (!isAllowed(before)) return;
      pixel.withdraw();
      const { outbox } = open();
      outbox.add(changed);
      outbox.close();
      opened = undefined;
      forget();
    } else if (now !== 'pending') {
      if (now === 'granted' && stored('reported') !== now) {
        store('reported', now);
        send(changed);
      }
      release();
    }
  }

  return {
    consent,
    track: (type, fields = {}, witness = 'api') => {
      if (witness !== 'api' && isTold(type, witness)) return '';
      const visit = mint(type, fields);
      whenAllowed(() => {
        send(visit);
        pixel.track(visit);
      });
      return visit.eventId;
    },
    identify: (person) =>
      whenAllowed(() => {
        const { outbox, visitor } = open();
        outbox.identify({ writeKey: settings.writeKey, visitorId: visitor, ...person, ...answerOf(consent.current()) });
      }),
    showPurchase: (order) =>
      whenAllowed(() => {
        const visit = purchaseShown(order, settings.pixelCode);
        pixel.purchase(
          order,
          () => isFirstShowing(order.orderId),
          () => send(visit),
        );
      }),
  };
}
