import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asSubjectId, asTenantId } from '@tributary/domain';
import { vaultReplicasContract, vaultStoreContract } from '../../../test/contracts/vault-store.contract.js';
import { PostgresPool } from './pool.adapter.js';
import { PostgresVaultStore } from './vault-store.adapter.js';

const schema = readFileSync(join(__dirname, '../../../schemas/postgres/vault/001_vault.sql'), 'utf8');
const database = `vault_${randomBytes(6).toString('hex')}`;
const poolOf = (databaseUrl: string): PostgresPool =>
  new PostgresPool({ databaseUrl, maxConnections: 6, applicationName: 'vault-store.int.spec' });

describe('the vault in Postgres', () => {
  let server: PostgresPool;
  let pool: PostgresPool;

  beforeAll(async () => {
    const url = process.env['DATABASE_URL'];
    if (url === undefined)
      throw new Error('DATABASE_URL is not set: run this through the "int" project, whose global setup starts Postgres.');
    server = poolOf(url);
    await server.query('', `CREATE DATABASE ${database}`);
    const own = new URL(url);
    own.pathname = `/${database}`;
    pool = poolOf(own.href);
    await pool.query('', schema);
  });

  afterAll(async () => {
    await pool?.close();
    await server?.query('', `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    await server?.close();
  });

  vaultStoreContract(() => new PostgresVaultStore(pool));
  vaultReplicasContract(() => new PostgresVaultStore(pool));

  it('inserts, deletes and re-wraps the same people from many sides without a deadlock', async () => {
    const store = new PostgresVaultStore(pool);
    const tenantId = asTenantId('crowd');
    const people = Array.from({ length: 300 }, (_, index) => ({
      lookup: Buffer.alloc(32, `person ${index}`),
      kind: index % 2 === 0 ? ('email' as const) : ('visitor' as const),
    }));
    const insert = async (isReversed: boolean): Promise<void> => {
      const rows = people.map((person) => ({
        ...person,
        tenantId,
        subjectId: asSubjectId(randomUUID()),
        wrappingVersion: 1,
        wrappedKey: Buffer.alloc(60),
      }));
      await store.insertSubjects(isReversed ? rows.toReversed() : rows);
    };
    const rewrapOrDelete = async (version: number): Promise<void> => {
      const found = await store.findSubjects(people.map((person) => ({ ...person, tenantId })));
      await store.rewrapSubjectKeys(
        tenantId,
        found.map((row) => ({ subjectId: row.subjectId, wrappingVersion: version, wrappedKey: row.wrappedKey })),
      );
      await store.deleteSubjects(
        tenantId,
        found.slice(version * 10).map((row) => row.subjectId),
      );
    };
    const rounds = Array.from({ length: 8 }, (_, round) => [insert(round % 2 === 0), rewrapOrDelete(round + 2)]);
    await expect(Promise.all(rounds.flat())).resolves.toHaveLength(16);
  });
});
