import { alertsContract } from '../../../test/contracts/alerts.contract.js';
import { OwnDatabase } from '../../../test/integration/own-database.js';
import { PostgresAlerts } from './alerts.adapter.js';

describe('alerts in Postgres', () => {
  const database = new OwnDatabase('alerts');
  beforeAll(() => database.create());
  afterAll(() => database.drop());

  alertsContract(async () => {
    await database.sql.query('', 'truncate alerts.alerts');
    return new PostgresAlerts(database.sql);
  });
});
