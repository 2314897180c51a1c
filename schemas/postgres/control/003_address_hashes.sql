-- A connection may be found by two addresses while one replaces the other (write keys).
alter table control.connection_versions add column address_hashes jsonb not null default '[]';
update control.connection_versions set address_hashes = jsonb_build_array(address_hash) where address_hash is not null;
drop index control.addresses_by_connection;
create index addresses_by_connection on control.addresses (tenant_id, connection_id);
