import { phpJson } from '../../../builders/php-json.ts';
import type { Json, JsonObject } from '../json/json.ts';

export interface ShopRequest {
  readonly method: string;
  /** Absolute: its scheme is the one the shop sees. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** An answer of the shop; its text is written when somebody asks for it. */
export class ShopAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** What the body says; null where it is no JSON. */
  readonly json: Json;
  #body: string | null;

  constructor(status: number, headers: Readonly<Record<string, string>>, json: Json, body: string | null = null) {
    this.status = status;
    this.headers = headers;
    this.json = json;
    this.#body = body;
  }

  get body(): string {
    this.#body ??= phpJson(this.json);
    return this.#body;
  }
}

/** What a route says, before the headers that all answers have. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json: Json;
}

export const ok = (json: Json, headers: Readonly<Record<string, string>> = {}): Reply => ({ status: 200, headers, json });

/** WordPress' way of saying no. */
export const errorJson = (code: string, message: string, status: number, rest: JsonObject = {}): JsonObject => ({
  code,
  message,
  data: { status, ...rest },
});
export const refuse = (code: string, message: string, status: number, rest: JsonObject = {}): Reply => ({
  status,
  json: errorJson(code, message, status, rest),
});

export const invalidId = (resource: string, status = 404): Reply =>
  refuse(`woocommerce_rest_${resource}_invalid_id`, 'Invalid ID.', status);

/** Parameters that are not what they have to be, each with what is wrong. */
export const invalidParameters = (problems: Readonly<Record<string, string>>): Reply =>
  refuse('rest_invalid_param', `Invalid parameter(s): ${Object.keys(problems).join(', ')}`, 400, { params: problems, details: {} });
