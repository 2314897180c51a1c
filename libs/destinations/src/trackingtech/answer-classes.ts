import type { DeliveryOutcome, VendorAnswer, VendorReply } from '@tributary/domain';
import { requestIdOf, scrubbed } from '../answer-text.js';

type JsonObject = Readonly<Record<string, unknown>>;

const MAX_RETRY_AFTER_MS = 3_600_000;
const MAX_FIELD_ERRORS = 5;

/** One outcome per intent; a request of this courier holds one. */
export function interpretCourierReply(reply: VendorReply, intentCount: number): readonly DeliveryOutcome[] {
  const outcome = outcomeOf(reply);
  return Array.from({ length: intentCount }, () => outcome);
}

/**
 * A courier order that is made twice costs a second pickup, so whatever leaves open whether it was made is unknown, also a 5xx: then
 * the order is looked up before anything is sent again.
 */
export function outcomeOf(reply: VendorReply): DeliveryOutcome {
  if (reply.kind === 'not-sent') return { ...LATER, answer: { code: 'not-sent', message: scrubbed(reply.cause), requestId: null } };
  if (reply.kind === 'no-answer')
    return { kind: 'unknown', answer: { code: reply.cause, message: 'no complete answer came', requestId: null } };
  const { status } = reply;
  const body = jsonOf(reply.body);
  const answer: VendorAnswer = { code: `http-${status}`, message: messageOf(body), requestId: courierIdOf(body) };
  if ((status >= 200 && status < 300) || status === 409) {
    if (answer.requestId !== null) return { kind: 'delivered', answer };
    return { kind: 'unknown', answer: { ...answer, message: 'the answer names no courier order' } };
  }
  if (status === 429) return { ...LATER, isThrottled: true, retryAfterMs: retryAfterOf(reply.headers), answer };
  if (status === 400 || status === 422) return { kind: 'rejected', reason: 'vendor-refused', answer };
  if (status === 408 || status >= 500) return { kind: 'unknown', answer };
  // Not taken, and no repeat of the same will be: the address, the token or the right is wrong.
  if (status === 401 || status === 403 || status === 404 || status < 400) return { kind: 'misconfigured', answer };
  return { kind: 'bug', answer };
}

const LATER = { kind: 'transient', isThrottled: false, retryAfterMs: null } as const;

/** JSON objects and lists; null for a page and for anything else. */
export function jsonOf(body: string): unknown {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' ? parsed : null;
  } catch {
    return null;
  }
}

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a person may look up at the courier: the tracking id, else its own id. A conflict may wrap what exists already. */
export function courierIdOf(body: unknown): string | null {
  if (!isObject(body)) return null;
  for (const part of [body, body['order'], body['data']]) {
    if (!isObject(part)) continue;
    const found = [part['tracking_id'], part['id']].map(idText).find((id) => id !== null);
    if (found !== undefined) return found;
  }
  return null;
}

const idText = (value: unknown): string | null => requestIdOf(typeof value === 'number' ? String(value) : value);

/** The courier's words and the fields that it names, without what it may quote of a person. */
function messageOf(body: unknown): string {
  if (!isObject(body)) return 'the body is not a JSON object';
  const { message, status, errors } = body;
  const fields = isObject(errors) ? Object.keys(errors).slice(0, MAX_FIELD_ERRORS) : [];
  const details = fields.map((field) => {
    const said = (errors as JsonObject)[field];
    return `${field}: ${String(Array.isArray(said) ? said[0] : said)}`;
  });
  const words = [typeof message === 'string' ? message : '', typeof status === 'string' ? `status ${status}` : '', ...details];
  return scrubbed(words.filter((text) => text !== '').join('; '));
}

function retryAfterOf(headers: Readonly<Record<string, string>>): number | null {
  const text = headers['retry-after']?.trim() ?? '';
  return /^\d{1,9}$/.test(text) ? Math.min(Number(text) * 1000, MAX_RETRY_AFTER_MS) : null;
}
