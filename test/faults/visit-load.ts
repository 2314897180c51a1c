import { asBrowser, pageView } from '../stack/browser.js';

/** Between two batches. */
const EVERY_MS = 100;
const EVENTS_PER_BATCH = 10;

/** Pages of a shop: they send batches of visits and note what was accepted and what was refused. */
export class VisitLoad {
  /** Event ids that were answered `accepted`: from then on they are our promise. */
  readonly accepted: string[] = [];
  /** Event ids of batches that were refused for the moment (503): a page sends them again, for they may be in the log or not. */
  readonly refused = new Set<string>();
  /** How often each status came. */
  readonly statuses = new Map<number, number>();
  private readonly sending = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly ingestUrl: () => string,
    private readonly writeKey: string,
    private readonly origin: string,
  ) {}

  start(): void {
    this.timer = setInterval(() => {
      const sent = this.send().finally(() => this.sending.delete(sent));
      this.sending.add(sent);
    }, EVERY_MS);
  }

  /** Resolves when every batch was answered; rejects when one was not. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.sending);
  }

  private async send(): Promise<void> {
    const events = Array.from({ length: EVENTS_PER_BATCH }, () => pageView());
    const { status, json } = await asBrowser(this.ingestUrl(), '/v1/collect', {
      headers: { origin: this.origin, 'sec-fetch-site': 'same-site' },
      body: { writeKey: this.writeKey, visitorId: 'tto.1.1795228693.of-the-load', events },
    });
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    if (status !== 200) {
      for (const { eventId } of events) this.refused.add(eventId);
      return;
    }
    const { results } = json as { readonly results: readonly { readonly eventId: string; readonly status: string }[] };
    for (const { eventId, status: outcome } of results) if (outcome === 'accepted') this.accepted.push(eventId);
  }
}
