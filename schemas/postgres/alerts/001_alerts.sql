-- What a person must know about. Opened and closed by the apps; one open row per (kind, tenant, connection).
create schema if not exists alerts;

create table alerts.alerts (
  id            bigint generated always as identity primary key,
  tenant_id     text not null,
  connection_id text not null,            -- '' when the alert is about the whole tenant
  kind          text not null,
  since         timestamptz not null default now(),
  last_seen     timestamptz not null default now(),
  occurrences   bigint not null default 1,
  what          text not null,            -- what happened, in words
  todo          text not null,            -- what to do about it
  closed_at     timestamptz
);
create unique index alerts_open on alerts.alerts (tenant_id, connection_id, kind) where closed_at is null;
create index alerts_by_tenant on alerts.alerts (tenant_id, since desc);
