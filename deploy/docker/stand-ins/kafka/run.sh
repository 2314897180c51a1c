#!/bin/sh
# As in the official image: Kafka's own wrapper turns KAFKA_* variables into properties and formats the storage.
set -eu
java="java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp /opt/kafka/libs/*"
# shellcheck disable=SC2086 # several words, and no globbing: java expands the star itself
set -f
setup=$($java kafka.docker.KafkaDockerWrapper setup --default-configs-dir /etc/kafka/docker \
  --mounted-configs-dir /mnt/shared/config --final-configs-dir /opt/kafka/config 2>&1) || {
  # Formatted by an earlier start of this container or volume.
  case "$setup" in *'already formatted'*) ;; *) echo "$setup" >&2; exit 1 ;; esac
}
# shellcheck disable=SC2086
exec $java -Xmx512m kafka.Kafka /opt/kafka/config/server.properties
