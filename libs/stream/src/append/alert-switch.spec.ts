import { INSTALLATION, type Alerts, type AlertToOpen } from '@tributary/domain';
import { createLog } from '@tributary/telemetry';
import { eventually } from '../../../../test/stack/eventually.js';
import { AlertSwitch } from './alert-switch.js';

const alert: AlertToOpen = { tenantId: INSTALLATION, connectionId: null, kind: 'kafka-away', what: 'away', todo: 'look' };

/** Alerts whose writes end when the test says so, in the order in which it says so. */
class SlowAlerts implements Alerts {
  isOpen = false;
  readonly waiting: { readonly what: string; end(): void; fail(): void }[] = [];

  open(): Promise<void> {
    return this.write('open', true);
  }

  close(): Promise<void> {
    return this.write('close', false);
  }

  list(): Promise<never[]> {
    return Promise.resolve([]);
  }

  private write(what: string, isOpen: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.isOpen = isOpen;
        resolve();
      };
      this.waiting.push({ what, end, fail: () => reject(new Error('Postgres is away')) });
    });
  }
}

let alerts: SlowAlerts;
let away: AlertSwitch;
beforeEach(() => {
  alerts = new SlowAlerts();
  away = new AlertSwitch(alerts, alert, createLog('test', 'silent'), 1);
});
afterEach(() => away.stop());

const nextWrite = async (what: string): Promise<{ end(): void; fail(): void }> => {
  await eventually(`${what} is asked for`, 2_000, () => alerts.waiting.length > 0);
  const write = alerts.waiting.shift();
  expect(write?.what).toBe(what);
  if (write === undefined) throw new Error('no write');
  return write;
};

it('never lets a close overtake the open before it', async () => {
  away.set(true);
  away.set(false);
  const open = await nextWrite('open');
  expect(alerts.waiting).toHaveLength(0);
  open.end();
  (await nextWrite('close')).end();
  expect(alerts.isOpen).toBe(false);
});

it('writes what was said last when much was said meanwhile', async () => {
  away.set(true);
  const open = await nextWrite('open');
  for (const isSo of [false, true, false, true]) away.set(isSo);
  open.end();
  await new Promise((resolve) => setImmediate(resolve));
  expect(alerts.waiting).toHaveLength(0);
  expect(alerts.isOpen).toBe(true);
});

it('writes it once the alerts can be written at all', async () => {
  away.set(true);
  (await nextWrite('open')).fail();
  (await nextWrite('open')).fail();
  (await nextWrite('open')).end();
  expect(alerts.isOpen).toBe(true);
});

it('closes at first what an earlier process left open', async () => {
  alerts.isOpen = true;
  away.set(false);
  (await nextWrite('close')).end();
  expect(alerts.isOpen).toBe(false);
});
