#!/usr/bin/env bash
# A flashing station: writes a build to every device, checks that each starts, and adds one line of CSV for each.
#
#   examples/station/station.sh BUILD RESULTS.csv [DEVICES]
#
# BUILD is the folder of an ESP-IDF build, or an image. DEVICES is a file of addresses or JSON lines, as `aiotctl sim`
# prints them; without it, every device on USB is taken. SETTINGS=settings/nvs-{mac}.bin gives each device a file of
# its own for its partition "nvs". EXPECT is the line that a device in order prints, WITHIN the time it has.
# The exit code is that of `aiotctl flash`: 0 all devices are good, 10 some are not, 9 none started as expected.
set -euo pipefail
build=$1 results=$2 devices=${3:-}
report=$(mktemp -d)
trap 'rm -rf "$report"' EXIT

if [ -z "$devices" ]; then
  devices=$report/devices
  aiotctl discover --only usb --jsonl >"$devices"
fi

images=("$build")
if [ -n "${SETTINGS:-}" ]; then images+=("$SETTINGS@nvs"); fi
status=0
aiotctl flash write --devices "$devices" "${images[@]}" --json \
  --expect "${EXPECT:-app: ready}" --fail-on 'Guru Meditation|abort\(\)|invalid header' --within "${WITHIN:-20s}" \
  >"$report/flash.json" || status=$?

# An early failure has no devices: its errors say why, and nothing is added.
jq -r '.data.devices[] | [(now | todate), .device, .mac // "",
    if .ok then "good" else .code end, .step // "", .seconds // 0, .boot.seconds // 0] | @csv' \
  "$report/flash.json" >>"$results"
jq -r '.errors[] | [.device // "", .message, .hint // ""] | @tsv' "$report/flash.json" >&2
exit "$status"
