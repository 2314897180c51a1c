/** Whose visits these are, and how they travel. */
export interface VisitLoad {
  readonly port: number;
  readonly writeKey: string;
  readonly perRequest: number;
  /** Browsers, in turn; each known to the vault after its first visit. */
  readonly visitors: number;
}

const TYPES = ['page_view', 'product_view', 'cart_add', 'checkout_start'];
const AGENT = 'Mozilla/5.0 (Linux; Android 15; SM-A556E) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Mobile Safari/537.36';
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** One of the four funnel events, with an id that no other has. */
function visitOf(number: number, runId: number, nowMs: number): object {
  const type = TYPES[number % TYPES.length] ?? '';
  const sku = `SKU-${number % 500}`;
  const commerce =
    type === 'page_view'
      ? {}
      : {
          contentType: 'product',
          contents: [{ contentId: sku, name: 'Café de grano 250 g', category: 'Café', price: '12990', quantity: 1 }],
          value: '12990',
          currency: 'CLP',
        };
  return {
    type,
    eventId: `0198f3c2-${hex(runId, 4)}-7000-8000-${hex(number, 12)}`,
    occurredAt: nowMs,
    url: `https://shop.example/producto/cafe-de-grano-${number % 500}/?utm_source=tiktok&ttclid=E.C.P.CpYBbench${number % 1_000}`,
    referrer: 'https://www.tiktok.com/',
    ...commerce,
  };
}

/** Whole HTTP requests to the collector; made before anything is timed. */
export function visitRequests({ writeKey, perRequest, visitors }: VisitLoad, requests: number, runId: number, nowMs: number): Buffer[] {
  return Array.from({ length: requests }, (_, request) => {
    const visitorId = `tto.1.1795228693.visitor-${hex(request % visitors, 8)}`;
    const events = Array.from({ length: perRequest }, (_event, index) => visitOf(request * perRequest + index, runId, nowMs));
    const body = Buffer.from(JSON.stringify({ writeKey, visitorId, consent: { ads: 'granted' }, locale: 'es-CL', events }));
    const head = [
      'POST /v1/collect HTTP/1.1',
      'Host: metrics.shop.example',
      `User-Agent: ${AGENT}`,
      'Accept: */*',
      'Content-Type: text/plain;charset=UTF-8',
      'Origin: https://shop.example',
      'Sec-Fetch-Site: same-site',
      'X-Forwarded-For: 203.0.113.9',
      `Cookie: _ttoaid=${visitorId}; _ttp=2bench-of-the-pixel-cookie`,
      `Content-Length: ${body.length}`,
      '',
      '',
    ].join('\r\n');
    return Buffer.concat([Buffer.from(head, 'latin1'), body]);
  });
}
