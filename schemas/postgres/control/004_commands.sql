-- What other apps ask of control, which alone writes settings: what a shop said of itself, keys that it handed over (sealed).
create table control_ops.commands (
  id         bigint generated always as identity primary key,
  tenant_id  text not null,
  kind       text not null,
  payload    jsonb not null,
  created_at timestamptz not null default now(),
  applied_at timestamptz,
  result     jsonb
);
create index commands_open on control_ops.commands (id) where applied_at is null;
