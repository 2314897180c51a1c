import type { Sql } from '@tributary/domain';
import { plainIdentifier } from '@tributary/postgres';

/** The answer for which a connection's credential is parked in one app; null while it is not. */
export async function parkedBecause(sql: Sql, app: string, tenantId: string, connectionId: string): Promise<string | null> {
  const [row] = await sql.query<{ reason: string | null }>(
    `credential-parked-because-${app}`,
    `select parked_reason as reason from ${plainIdentifier(app)}_ops.credentials
      where tenant_id = $1 and connection_id = $2 and parked_at is not null`,
    [tenantId, connectionId],
  );
  return row?.reason ?? null;
}
