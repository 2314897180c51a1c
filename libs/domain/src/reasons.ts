/** Why something was not sent, was refused, or was kept aside: one closed list, also the metric label. */
export const REASONS = {
  'before-go-live': 'The order qualified before the moment from which this destination sends.',
  'consent-denied': 'The buyer denied consent.',
  'consent-missing': 'This shop needs the buyer’s consent and the order carries no answer.',
  'created-via-excluded': 'Orders made this way (by an admin, by an import) are excluded by the settings.',
  'renewals-off': 'The order renews a subscription and the settings send no renewals.',
  'too-old': 'The order is older than the destination accepts.',
  'in-the-future': 'The order’s time lies more than ten minutes in the future.',
  'test-mode-ended': 'Test mode ends by itself after 24 hours.',
  'retries-exhausted': 'The vendor could not take it after the last try.',
  'vendor-refused': 'The vendor refused this event for its data.',
  'vendor-refused-credential': 'The vendor refused the credential; a person must act.',
  'our-bug': 'The vendor says that the request itself is wrong: a mistake of ours.',
  'outcome-unknown': 'The request may have been taken and no answer came.',
  'window-over': 'Nobody knows whether it was taken, and a repeat is no longer recognised by the vendor.',
  throttled: 'The vendor asked for fewer requests.',
  'vendor-unavailable': 'The vendor could not be reached or answered that it cannot now.',
  'sent-alone': 'It shares no request any more, to find which event of a request is at fault.',
  resumed: 'A person, or new settings, set it going again.',
  'retried-by-operator': 'A person asked for another try.',
  'body-not-json': 'The body is not JSON.',
  'body-not-utf8': 'The body is not valid UTF-8.',
  'body-too-large': 'The body is over 5 MiB.',
  'body-truncated': 'The connection ended before the body did.',
  'not-an-order': 'The body is JSON but not an order.',
  'invalid-field': 'A field of the order is missing or cannot be read.',
  'shop-error-body': 'The shop signed and sent an error instead of an order.',
  'bad-signature': 'The signature does not match the body.',
  'unknown-topic': 'The webhook’s topic is not one that this address takes.',
  'record-unreadable': 'A record of a topic cannot be decoded.',
  'record-refused': 'The database refused the record for its data.',
} as const;

export type ReasonCode = keyof typeof REASONS;

export const explainReason = (code: string): string => (code in REASONS ? REASONS[code as ReasonCode] : code);
