#!/bin/sh
# What the official entrypoint does with the settings that tools/bootstrap gives.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  password=$(mktemp)
  printf '%s' "${POSTGRES_PASSWORD:?must be set}" >"$password"
  # shellcheck disable=SC2086 # the arguments are several words
  initdb -D "$PGDATA" --username="${POSTGRES_USER:-postgres}" --pwfile="$password" ${POSTGRES_INITDB_ARGS:-}
  rm -f "$password"
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
fi
exec "$@" -c unix_socket_directories=/tmp
