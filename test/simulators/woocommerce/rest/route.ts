import type { JsonObject } from '../json/json.ts';
import type { View } from '../json/order-json.ts';
import type { ApiKey } from '../shop/people.ts';
import type { Reply } from './answer.ts';

/** One request to one route. */
export interface Call {
  /** The groups of the route's pattern. */
  readonly parts: readonly string[];
  readonly parameters: URLSearchParams;
  readonly body: JsonObject;
  readonly view: View;
  /** Of whom; null inside the shop itself. */
  readonly key: ApiKey | null;
}

/** What a method does, as far as the words of a refusal go. */
export type Act = 'list' | 'view' | 'create' | 'edit' | 'delete';

export interface RouteMethod {
  readonly act: Act;
  readonly answer: (call: Call) => Reply;
}

export interface Route {
  /** Of the path after `/wp-json/wc/v3/`. */
  readonly pattern: RegExp;
  readonly methods: Readonly<Partial<Record<'GET' | 'POST' | 'PUT' | 'DELETE', RouteMethod>>>;
}

export const list = (answer: RouteMethod['answer']): RouteMethod => ({ act: 'list', answer });
export const view = (answer: RouteMethod['answer']): RouteMethod => ({ act: 'view', answer });

export const idOf = ({ parts }: Call, index = 0): number => Number(parts[index]);
