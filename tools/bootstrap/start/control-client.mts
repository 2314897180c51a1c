import { BootstrapError } from '../bootstrap-error.mts';

/** What the demo reads of a delivery of the control API. */
export interface Delivery {
  readonly source: string;
  readonly reference: string;
  readonly eventName: string;
  readonly eventId: string | null;
  readonly state: string;
  readonly reason: string | null;
  readonly attempts: readonly { readonly requestId: string | null }[];
  /** RFC 3339. */
  readonly settledAt: string | null;
}

interface DeliveryPage {
  readonly items: readonly Delivery[];
  readonly nextCursor: string | null;
}

/** The control API as a start uses it. */
export class ControlClient {
  readonly #url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /** Undefined when every app is ready, else what control says about it. */
  async notReady(): Promise<string | undefined> {
    const answer = await fetch(`${this.#url}/readyz`, { signal: AbortSignal.timeout(5_000) });
    if (answer.ok) return undefined;
    const { reasons } = (await answer.json()) as { readonly reasons?: readonly string[] };
    return reasons?.join('; ') ?? `control answers ${answer.status}`;
  }

  /** The status that control knows; undefined when it does not know the order (yet). */
  async statusOf(tenant: string, connection: string, orderId: string): Promise<string | undefined> {
    const answer = await this.#get(`/v1/tenants/${tenant}/orders/${connection}/${orderId}?observations=false`);
    if (answer.status === 404) return undefined;
    return ((await this.#read(answer)) as { status: string }).status;
  }

  /** Deliveries to destinations of one kind that were planned since. */
  async deliveries(kind: string, tenant: string, sinceMs: number): Promise<readonly Delivery[]> {
    const found: Delivery[] = [];
    let cursor: string | null = null;
    do {
      const query = new URLSearchParams({ destination: kind, from: new Date(sinceMs).toISOString(), limit: '100' });
      if (cursor !== null) query.set('cursor', cursor);
      const page = (await this.#read(await this.#get(`/v1/tenants/${tenant}/deliveries?${query.toString()}`))) as DeliveryPage;
      found.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return found;
  }

  #get(path: string): Promise<Response> {
    return fetch(`${this.#url}${path}`, { headers: { authorization: `Bearer ${this.#token}` }, signal: AbortSignal.timeout(10_000) });
  }

  async #read(answer: Response): Promise<unknown> {
    if (answer.ok) return answer.json();
    throw new BootstrapError(`${answer.url} answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`);
  }
}
