-- What control asks of ingest (control never writes another app's tables), and what became of rejected payloads that were read again.
create table ingest_ops.commands (
  id         bigint generated always as identity primary key,
  tenant_id  text not null,
  kind       text not null,                -- resubmit
  payload    jsonb not null,
  created_at timestamptz not null default now(),
  applied_at timestamptz,
  result     jsonb
);
create index commands_open on ingest_ops.commands (id) where applied_at is null;

alter table orders.rejections
  add column state          text not null default 'rejected', -- rejected | taken | nothing-to-take
  add column resubmitted_at bigint,                           -- epoch ms; newest resubmission
  add column first_reason   text;                             -- why it was rejected on arrival, when the reason is another one now
