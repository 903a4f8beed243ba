#!/usr/bin/env bash
# A station of a production line: writes a build to every device and checks that each starts, pairs them, measures the
# network that they run, and adds one line of CSV for each device and job.
#
#   examples/station/station.sh BUILD RESULTS.csv [DEVICES]
#
# BUILD is the folder of an ESP-IDF build, or an image. DEVICES is a file of addresses or JSON lines, as `aiotctl sim`
# prints them; without it, every device on USB is taken. SETTINGS=settings/nvs-{mac}.bin gives each device a file of
# its own for its partition "nvs". EXPECT is the line that a device in order prints, WITHIN the time it has.
# CODES, a list of setup codes or addresses, and WIFI, a file that its owner alone may read, pair those devices.
# BENCH, a list of devices under test, and MODEL, a .tflite file, measure them.
# The exit code is that of the first job that failed: 0 all devices are good, 10 some are not, 9 none started as expected.
set -euo pipefail
build=$1 results=$2 devices=${3:-}
report=$(mktemp -d)
trap 'rm -rf "$report"' EXIT
status=0

# job NAME FIGURE COMMAND…: runs it on all its devices. An early failure has none: its errors say why.
job() {
  local name=$1 figure=$2 code=0
  shift 2
  aiotctl "$@" --json 2>/dev/null >"$report/$name.json" || code=$?
  jq -r --arg job "$name" '.data.devices[] | [(now | todate), $job, .device, .mac // .id // "",
      if .ok then "good" else .code end, .step // "", .seconds // 0, '"$figure"' // ""] | @csv' \
    "$report/$name.json" >>"$results"
  jq -r '.errors[] | [.device // "", .message, .hint // ""] | @tsv' "$report/$name.json" >&2
  if [ "$status" = 0 ]; then status=$code; fi
}

if [ -z "$devices" ]; then
  devices=$report/devices
  aiotctl discover --only usb --jsonl >"$devices"
fi

images=("$build")
if [ -n "${SETTINGS:-}" ]; then images+=("$SETTINGS@nvs"); fi
job flash .boot.seconds flash write --devices "$devices" "${images[@]}" \
  --expect "${EXPECT:-app: ready}" --fail-on 'Guru Meditation|abort\(\)|invalid header' --within "${WITHIN:-20s}"
if [ -n "${CODES:-}" ]; then
  job pair '""' pair --devices "$CODES" --wifi-file "$WIFI" --jobs 16 --timeout 60s
fi
if [ -n "${BENCH:-}" ]; then
  job bench .performance.median_per_second bench device --devices "$BENCH" --model "$MODEL"
fi
exit "$status"
