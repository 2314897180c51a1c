-- Every time a rebuilt schema took the live one's place: offsets may go back then. Without a new row here they only do when the
-- database was set back to an older state, and running processes must end.
create table ingest_ops.rebuilds (
  id         bigint generated always as identity primary key,
  swapped_at timestamptz not null default now()
);
