import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { migrate, PostgresPool, readMigrations } from '@tributary/postgres';

const poolOf = (databaseUrl: string): PostgresPool => new PostgresPool({ databaseUrl, maxConnections: 6, applicationName: 'int.spec' });

/** A migrated database of the file's own. */
export class OwnDatabase {
  private readonly name: string;
  private server: PostgresPool | undefined;
  private pool: PostgresPool | undefined;
  url = '';

  constructor(what: string) {
    this.name = `${what}_${randomBytes(6).toString('hex')}`;
  }

  get sql(): PostgresPool {
    if (this.pool === undefined) throw new Error('create() the database first');
    return this.pool;
  }

  async create(): Promise<void> {
    const url = process.env['DATABASE_URL'];
    if (url === undefined) throw new Error('DATABASE_URL is not set: run this with `npm run test:int`, which starts Postgres.');
    this.server = poolOf(url);
    await this.server.query('', `create database ${this.name}`);
    const own = new URL(url);
    own.pathname = `/${this.name}`;
    this.url = own.href;
    this.pool = poolOf(own.href);
    await migrate(this.pool, await readMigrations(join(__dirname, '../../schemas/postgres')), true);
  }

  async drop(): Promise<void> {
    await this.pool?.close();
    await this.server?.query('', `drop database if exists ${this.name} with (force)`);
    await this.server?.close();
  }
}
