import { alertsContract } from '../../../test/contracts/alerts.contract.js';
import { FakeAlerts } from './alerts.fake.js';

let nowMs = 0;
alertsContract(() => new FakeAlerts(() => new Date((nowMs += 1_000))));
