#!/usr/bin/env bash
# A station of a production line: pairs the devices of a list of codes, writes one line of CSV for each, and runs again
# for those that failed, until all are done or three rounds have passed.
#
#   examples/factory.sh CODES.csv WIFI.yaml RESULTS.csv
#
# CODES.csv has the columns of `man aiotctl-pair`, LISTS OF DEVICES; `id` names each device. WIFI.yaml is readable by its
# owner alone. What is done is recorded beside RESULTS.csv: the script can be stopped and started at any time.
set -euo pipefail
codes=$1 wifi=$2 results=$3
record=$results.done.jsonl
report=$(mktemp)
trap 'rm -f "$report"' EXIT

for round in 1 2 3; do
  status=0
  aiotctl pair --devices "$codes" --wifi-file "$wifi" --record "$record" --jobs 16 --timeout 60s \
    --json >"$report" || status=$?
  if jq -e '.data.devices' "$report" >/dev/null 2>&1; then
    jq -r --arg round "$round" '.data.devices[] | select(.skipped | not)
      | [$round, .device, (if .ok then "paired" else .code end), .step // "", .id // "", .seconds] | @csv' \
      "$report" >>"$results"
  fi
  case $status in
    0) break ;;                   # all are paired
    10 | 4 | 5 | 6 | 7 | 8) ;;    # some failed, or the only one: the next round tries those alone
    *) exit "$status" ;;          # the list, the Wi-Fi file or the record: nothing was tried
  esac
done
exit "$status"
