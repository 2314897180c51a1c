-- SHA-256 hex of each secret by which arrivals find a connection: webhook token, write keys.
alter table ingest.connections add column address_hashes jsonb not null default '[]';
