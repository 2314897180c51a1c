-- What consumers are told, and evidence of visitors. Schema `identity`: folds; `identity_ops`: what is to be published.
alter table identity.tenants add column change_no bigint not null default 0;   -- number of the newest change that consumers are told

create table identity.profile_heads (
  tenant_id  text collate "C" not null,
  profile_id text collate "C" not null,
  version    bigint not null,
  content    jsonb not null,             -- ProfileHead
  primary key (tenant_id, profile_id)
) with (fillfactor = 85);

create table identity.visitor_heads (
  tenant_id text collate "C" not null,
  visitor   text collate "C" not null,
  version   bigint not null,
  content   jsonb not null,              -- VisitorHead
  primary key (tenant_id, visitor)
) with (fillfactor = 85);

-- The value of each subject as the first assertion that named it brought it, sealed under the subject.
create table identity.sealed_values (
  tenant_id    text collate "C" not null,
  subject_id   text collate "C" not null,
  event_id     text not null,            -- of that assertion
  sealed_value bytea not null,
  primary key (tenant_id, subject_id)
);

-- Fold of visits.visit-events.v1 (and, for what that topic does not hold any more, of identity.visitors.v1).
create table identity.visitors (
  tenant_id   text collate "C" not null,
  visitor     text collate "C" not null,
  version     bigint not null,           -- offset after the last visit that changed it
  received_at bigint not null,           -- epoch ms; newest arrival
  content     jsonb not null,            -- VisitorRow; sealed bytes in base64
  primary key (tenant_id, visitor)
) with (fillfactor = 70);
alter table identity.visitors alter column content set storage external;
create index visitors_idle on identity.visitors (received_at);

-- Whatever changed since it was published last, each key once. Its place is that of the first change, so that nothing stands behind
-- a partition's progress that belongs before it; `mark` tells whether it changed again while it was published.
create sequence identity_ops.outbox_marks;
create table identity_ops.outbox (
  kind       text collate "C" not null,  -- profile | visitor
  tenant_id  text collate "C" not null,
  id         text collate "C" not null,  -- profile id or visitor
  place      bigint generated always as identity,
  mark       bigint not null default nextval('identity_ops.outbox_marks'),
  is_gone    boolean not null default false,   -- the visitor's evidence was cleaned away: a tombstone
  changed_at timestamptz not null default now(),
  primary key (kind, tenant_id, id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
create index outbox_by_place on identity_ops.outbox (place);

-- Who publishes. One row; whoever writes to the topics holds it locked.
create table identity_ops.relay (
  owner text not null,
  until timestamptz not null
);
insert into identity_ops.relay values ('', now());

-- Everything is folded anew, so that everything is published.
truncate identity.offsets, identity.tenants, identity.subjects, identity.orders, identity.profiles, identity.aliases,
         identity.assertions, identity.assertion_nodes, identity.merges, identity.conflicts;
insert into identity_ops.rebuilds default values;
