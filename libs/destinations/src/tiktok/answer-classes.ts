import type { DeliveryOutcome, VendorAnswer, VendorReply } from '@tributary/domain';
import { requestIdOf, scrubbed } from '../answer-text.js';

/** What an answer's code asks for; `refused` is one event's fault, `bug` the request's. */
type AnswerClass = 'delivered' | 'partial' | 'throttled' | 'transient' | 'misconfigured' | 'refused' | 'bug' | 'unknown';

/** @see https://business-api.tiktok.com/portal/docs (Return codes), read 2026-11-21 */
const CODES: Readonly<Record<Exclude<AnswerClass, 'unknown'>, readonly number[]>> = {
  delivered: [0, 40050],
  partial: [20001],
  throttled: [40100, 40132, 61000],
  transient: [40202, 50000, 50002, 60001],
  misconfigured: [40001, 40003, 40101, 40102, 40104, 40105, 40113, 40117, 40118, 40124, 40125, 40130, 40300, 40301, 41000],
  refused: [40000, 40002, 40063, 40700, 53102, 53103],
  bug: [40062, 40006, 40051, 40061, 40400, 40008, 41001],
};
const TRANSIENT_RANGES: readonly (readonly [from: number, to: number])[] = [
  [51000, 51099],
  [52000, 52103],
  [52201, 52204],
];
const CLASS_OF_CODE = new Map<number, AnswerClass>(
  Object.entries(CODES).flatMap(([name, codes]) => codes.map((code) => [code, name as AnswerClass] as const)),
);

const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * The class of a documented code; of any other by its family: 4xxxx refuses, 5xxxx and 6xxxx may pass later, and of the rest nobody
 * knows whether something was taken.
 */
function classOfCode(code: number): AnswerClass {
  const documented = CLASS_OF_CODE.get(code);
  if (documented !== undefined) return documented;
  if (TRANSIENT_RANGES.some(([from, to]) => code >= from && code <= to)) return 'transient';
  if (code >= 40000 && code < 50000) return 'refused';
  return code >= 50000 && code < 70000 ? 'transient' : 'unknown';
}

/**
 * Without a code the HTTP status is all there is. 5xx, 408 and pages of a proxy do not say whether TikTok took the request: unknown,
 * so that it is repeated under the same event id only while TikTok still recognises a repeat.
 */
function classOfStatus(status: number): AnswerClass {
  if (status === 429) return 'throttled';
  return status === 401 || status === 403 ? 'misconfigured' : 'unknown';
}

interface ReadAnswer {
  readonly answerClass: AnswerClass;
  readonly answer: VendorAnswer;
  /** The event that the message names (`data.3.event_id`), else null. */
  readonly suspectIndex: number | null;
}

/** One outcome per intent: one answer holds for the whole request. */
export function interpretTiktokReply(reply: VendorReply, intentCount: number): readonly DeliveryOutcome[] {
  const outcome = outcomeOf(reply, intentCount);
  return Array.from({ length: intentCount }, () => outcome);
}

function outcomeOf(reply: VendorReply, intentCount: number): DeliveryOutcome {
  if (reply.kind === 'not-sent') {
    const answer = { code: 'not-sent', message: scrubbed(reply.cause), requestId: null };
    return { kind: 'transient', isThrottled: false, retryAfterMs: null, answer };
  }
  if (reply.kind === 'no-answer') {
    return { kind: 'unknown', answer: { code: reply.cause, message: 'no complete answer came', requestId: null } };
  }
  const { answerClass, answer, suspectIndex } = readAnswer(reply.status, reply.body);
  switch (answerClass) {
    case 'delivered':
      return { kind: 'delivered', answer };
    case 'partial':
      return intentCount > 1 ? { kind: 'resend-alone', answer } : { kind: 'unknown', answer };
    case 'throttled':
    case 'transient':
      return { kind: 'transient', isThrottled: answerClass === 'throttled', retryAfterMs: retryAfterOf(reply.headers), answer };
    case 'misconfigured':
      return { kind: 'misconfigured', answer };
    case 'refused':
    case 'bug':
      if (intentCount > 1) return { kind: 'isolate', suspectIndex: indexWithin(suspectIndex, intentCount), answer };
      return answerClass === 'bug' ? { kind: 'bug', answer } : { kind: 'rejected', reason: 'vendor-refused', answer };
    case 'unknown':
      return { kind: 'unknown', answer };
  }
}

const indexWithin = (index: number | null, count: number): number | null => (index !== null && index < count ? index : null);

/** The code decides before the HTTP status. */
function readAnswer(status: number, body: string): ReadAnswer {
  const parsed = jsonObject(body);
  const code = codeOf(parsed?.['code']);
  const message = typeof parsed?.['message'] === 'string' ? parsed['message'] : '';
  const requestId = requestIdOf(parsed?.['request_id']);
  if (code !== null) {
    return {
      answerClass: classOfCode(code),
      answer: { code: String(code), message: scrubbed(message), requestId },
      suspectIndex: suspectOf(message),
    };
  }
  const isSuccessStatus = status >= 200 && status < 300;
  const explanation = parsed === null ? 'the body is not a JSON object' : scrubbed(message) || 'the body has no code';
  return {
    answerClass: classOfStatus(status),
    answer: { code: isSuccessStatus ? 'not-json' : `http-${status}`, message: explanation, requestId },
    suspectIndex: null,
  };
}

function jsonObject(body: string): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Some of TikTok's gateways write the code as text. */
function codeOf(value: unknown): number | null {
  if (typeof value === 'string' && /^\d{1,9}$/.test(value.trim())) return Number(value);
  return typeof value === 'number' && Number.isInteger(value) ? value : null;
}

function suspectOf(message: string): number | null {
  const path = /\bdata(?:\.|\[)(\d{1,4})\b/.exec(message);
  return path === null ? null : Number(path[1]);
}

/** Seconds, or a date told by the answer's own `Date`; at most an hour. */
function retryAfterOf(headers: Readonly<Record<string, string>>): number | null {
  const header = (name: string): string =>
    Object.entries(headers)
      .find(([key]) => key.toLowerCase() === name)?.[1]
      .trim() ?? '';
  const text = header('retry-after');
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.parse(header('date'));
  return Number.isFinite(waitMs) ? Math.min(Math.max(waitMs, 0), MAX_RETRY_AFTER_MS) : null;
}
