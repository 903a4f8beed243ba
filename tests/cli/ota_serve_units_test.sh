#!/bin/sh
# The units of the update server: systemd takes them, and finds nothing exposed that need not be.
units=$1
command -v systemd-analyze > /dev/null || { echo "SKIP: systemd-analyze is not installed"; exit 77; }
out=$(systemd-analyze security --offline=true --threshold=10 "$units/aiotctl-ota-serve.service" 2>&1) || {
  echo "$out"
  exit 1
}
echo "$out" | tail -1
