import { eventually, page, type Fields, type Pixel } from './page-window.js';
import type { Content } from './outbox.js';

const LIBRARY = 'https://analytics.tiktok.com/i18n/pixel/events.js';
/** What the script and the pixel's own settings call before the library is there. */
const METHODS = ['track', 'identify', 'ready', 'revokeConsent', 'page'];

/** Our types → TikTok's names. @see https://business-api.tiktok.com/portal/docs (standard events), read 2026-11-21 */
const EVENT_NAMES: Readonly<Record<string, string>> = {
  product_view: 'ViewContent',
  cart_add: 'AddToCart',
  checkout_start: 'InitiateCheckout',
  payment_info: 'AddPaymentInfo',
  search: 'Search',
  registration: 'CompleteRegistration',
};

export interface PixelTwin {
  /** The same visit for the pixel, with the same event id; types that TikTok has no name for are left out. */
  readonly track: (visit: Fields & { readonly type: string; readonly eventId: string }) => void;
  /** The order's Purchase, if `isFirst` says so once the pixel is there; `onShown` when the library, not only its queue, has it. */
  readonly purchase: (order: Fields & { readonly eventId: string }, isFirst: () => boolean, onShown: () => void) => void;
  readonly identify: (person: Record<string, string>) => void;
  readonly withdraw: () => void;
}

/** TikTok's own loader in our words: a queue under the pixel's methods until the library is there. */
function loadPixel(code: string): void {
  const queue = Object.assign([] as unknown[], {
    methods: METHODS,
    _i: { [code]: Object.assign([], { _u: LIBRARY }) },
    _t: {},
    _o: {},
  }) as unknown as unknown[] & Record<string, unknown>;
  for (const method of METHODS) queue[method] = (...call: unknown[]) => queue.push([method, ...call]);
  page.TiktokAnalyticsObject = 'ttq';
  page.ttq = queue as Pixel;
  const script = document.createElement('script');
  script.async = true;
  script.src = `${LIBRARY}?sdkid=${encodeURIComponent(code)}&lib=ttq`;
  document.head.append(script);
}

function propertiesOf({ contents, value, currency, searchText, orderId }: Fields): Record<string, unknown> {
  const items = contents as readonly Content[] | undefined;
  const properties = {
    contents: items?.map(({ contentId, name, price, quantity }) => ({ content_id: contentId, content_name: name, price, quantity })),
    content_type: items && 'product',
    value,
    currency,
    search_string: searchText,
    order_id: orderId,
  };
  return JSON.parse(JSON.stringify(properties)) as Record<string, unknown>; // without what is unknown
}

/** The pixel of the page, or the shop's when the page has none; nothing of it is touched before `isAllowed`. */
export function openPixel(pixelCode: string, isAllowed: () => boolean): PixelTwin {
  let isOurs = false;
  const use = (run: (pixel: Pixel & Required<Pick<Pixel, 'track'>>) => void): void => {
    if (page.ttq === undefined && pixelCode !== '') {
      loadPixel(pixelCode);
      isOurs = true;
    }
    eventually(() => {
      if (!isAllowed()) return true;
      const pixel = page.ttq;
      if (pixel?.track === undefined) return false;
      run(pixel as Pixel & Required<Pick<Pixel, 'track'>>);
      return true;
    });
  };
  return {
    track: (visit) =>
      use((pixel) => {
        // A pixel that the page brought along has shown the page view itself.
        const name = visit.type === 'page_view' && isOurs ? 'Pageview' : EVENT_NAMES[visit.type];
        if (name !== undefined) pixel.track(name, propertiesOf(visit), { event_id: visit.eventId });
      }),
    purchase: (order, isFirst, onShown) =>
      use((pixel) => {
        if (!isFirst()) return;
        pixel.track('Purchase', propertiesOf(order), { event_id: order.eventId });
        if (pixel.ready === undefined) onShown();
        else pixel.ready(onShown);
      }),
    identify: (person) => use((pixel) => pixel.identify?.(person)),
    withdraw: () => page.ttq?.revokeConsent?.(),
  };
}
