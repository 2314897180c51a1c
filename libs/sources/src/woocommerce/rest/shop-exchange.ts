/** One call of a shop's REST API, before anybody knows how that shop wants to be asked. */
export interface ShopQuery {
  /** Default: GET. */
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** Below `wc/v3`, such as `/orders/17`. */
  readonly path: string;
  /** Names are unique. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: Readonly<Record<string, unknown>>;
}

/** A call as it goes over the wire. */
export interface ShopRequest {
  /** Default: GET. */
  readonly method?: ShopQuery['method'];
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What came back, whatever its status. */
export interface ShopAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Why there is no answer at all. */
export type NoAnswer =
  | 'timeout'
  /** DNS, refused, reset, TLS. */
  | 'unreachable'
  /** More bytes than a page of orders may have. */
  | 'too-large'
  /** The name leads to an address that is not public (ALLOW_PRIVATE_STORE_HOSTS). */
  | 'private-address'
  /** A redirect to another host, or to another scheme, or in a circle. */
  | 'redirected-elsewhere';

/** What a client hands back; it never throws for what a shop does. */
export type ShopReply =
  | { readonly kind: 'answered'; readonly answer: ShopAnswer }
  /** `detail` names a host or an error code, never a key. */
  | { readonly kind: 'not-answered'; readonly cause: NoAnswer; readonly detail: string };
