import type { Alerts, AlertToOpen } from '@tributary/domain';
import { describeError, type Log } from '@tributary/telemetry';

const ASK_AGAIN_AFTER_MS = 1_000;

/**
 * Keeps one alert open while something is so. One write at a time, so that a close never overtakes an open; what was said last
 * counts, and is written as soon as the alerts can be written at all.
 */
export class AlertSwitch {
  private wanted = false;
  private written: boolean | undefined;
  private isWriting = false;
  private isStopped = false;

  constructor(
    private readonly alerts: Alerts,
    private readonly alert: AlertToOpen,
    private readonly log: Log,
    private readonly askAgainAfterMs = ASK_AGAIN_AFTER_MS,
  ) {}

  set(isSo: boolean): void {
    this.wanted = isSo;
    if (!this.isWriting) void this.write();
  }

  /** Writes nothing more. */
  stop(): void {
    this.isStopped = true;
  }

  private async write(): Promise<void> {
    this.isWriting = true;
    while (this.written !== this.wanted && !this.isStopped) {
      const { wanted } = this;
      try {
        const { tenantId, connectionId, kind } = this.alert;
        await (wanted ? this.alerts.open(this.alert) : this.alerts.close(tenantId, connectionId, kind));
        this.written = wanted;
      } catch (error) {
        this.log.warn({ kind: this.alert.kind, cause: describeError(error) }, 'the alert could not be written yet');
        await new Promise((resolve) => setTimeout(resolve, this.askAgainAfterMs));
      }
    }
    this.isWriting = false;
  }
}
