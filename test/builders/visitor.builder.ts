import { asConnectionId, asSubjectId, asTenantId, type SubjectId, type VisitEvent } from '@tributary/domain';

/** 2026-11-21T15:40:00Z */
export const SEEN_AT = 1_795_275_600_000;

export const VISITOR = asSubjectId('7c9e6679-7425-40de-944b-e07fc1f90ae7');

export type NamedVisit = VisitEvent & { readonly visitor: SubjectId };

interface VisitSpec {
  readonly eventId: string;
  readonly occurredAt: number;
  readonly receivedAt: number;
  readonly visitor: SubjectId;
  readonly consent: 'granted' | 'denied' | 'unknown';
  readonly type: 'PageViewed' | 'ConsentChanged';
  readonly connectionId: string;
  readonly personalFields: readonly string[];
  readonly clickMark: string | null;
  readonly sealedPersonal: Buffer | null;
}

/** A visit of {@link VISITOR} as the log has it. */
export function visit(overrides: Partial<VisitSpec> = {}): NamedVisit {
  const { occurredAt = SEEN_AT, eventId = `visit-${occurredAt}`, visitor = VISITOR, connectionId = 'web', ...rest } = overrides;
  const visited: Omit<NamedVisit, 'type'> = {
    tenantId: asTenantId('acme'),
    receivedAt: occurredAt + 200,
    source: 'browser',
    shopConnectionId: asConnectionId('shop'),
    consent: 'granted',
    isConsentRequired: false,
    pageHost: 'shop.example',
    pagePath: '/',
    personalFields: ['ip', 'locale', 'url', 'userAgent'],
    clickMark: null,
    sealedPersonal: Buffer.from(`sealed part of ${eventId}`),
    ...rest,
    eventId,
    occurredAt,
    visitor,
    sealedUnder: visitor,
    connectionId: asConnectionId(connectionId),
  };
  return { type: 'PageViewed', ...visited, ...(rest.type === 'ConsentChanged' ? { signal: 'api' } : {}) };
}
