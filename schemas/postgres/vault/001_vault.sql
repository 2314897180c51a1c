-- Who is who, and the keys that open what is known of them. The log carries subject ids only: deleting a row of
-- vault.subjects takes away the key and the link together. Erased rows survive in older backups, so erasures are
-- applied again after a restore.
CREATE SCHEMA IF NOT EXISTS vault;

-- One row per version of a tenant's key, wrapped (AES-256-GCM) by the master key named beside it.
-- identity: HMAC of subject lookups, never rotated. wrapping: wraps subject keys, seals connection secrets.
-- payload: seals what belongs to no person yet (rejected and spooled bodies).
CREATE TABLE vault.tenant_keys (
  tenant_id     text COLLATE "C" NOT NULL,
  purpose       text COLLATE "C" NOT NULL CHECK (purpose IN ('identity', 'wrapping', 'payload')),
  version       integer NOT NULL CHECK (version > 0),
  master_key_id text COLLATE "C" NOT NULL,
  wrapped_key   bytea NOT NULL CHECK (octet_length(wrapped_key) = 60),
  created_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, purpose, version),
  CONSTRAINT identity_keys_never_rotate CHECK (purpose <> 'identity' OR version = 1)
);

-- kind: 1 email, 2 phone, 3 visitor, 4 customer, 5 order. lookup: HMAC-SHA256 under the tenant's identity key.
-- The fillfactor leaves room for re-wrapping in place (no index holds what changes then).
CREATE TABLE vault.subjects (
  tenant_id        text COLLATE "C" NOT NULL,
  kind             smallint NOT NULL CHECK (kind BETWEEN 1 AND 5),
  wrapping_version integer NOT NULL,
  subject_id       uuid NOT NULL,
  lookup           bytea NOT NULL CHECK (octet_length(lookup) = 32),
  wrapped_key      bytea NOT NULL CHECK (octet_length(wrapped_key) = 60),
  PRIMARY KEY (tenant_id, kind, lookup),
  CONSTRAINT subjects_by_id UNIQUE (tenant_id, subject_id)
) WITH (fillfactor = 90);

-- Secrets of connections: append-only, one row per version, never changed but for re-wrapping.
CREATE TABLE vault.connection_secrets (
  tenant_id        text COLLATE "C" NOT NULL,
  connection_id    text COLLATE "C" NOT NULL,
  version          integer NOT NULL CHECK (version > 0),
  wrapping_version integer NOT NULL,
  sealed           bytea NOT NULL,
  created_at       timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, connection_id, version)
);
