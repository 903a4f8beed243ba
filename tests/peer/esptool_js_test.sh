#!/bin/bash
# esptool_js_test.sh SIM-HOST TESTS-DIR DEVICE CHIP-NAME PORT-KIND: esptool-js against one virtual
# device, first with the ROM's loader, then with the stub.
set -u
sim_host=$1 tests=$2 device=$3 name=$4 kind=$5

skip() {
  echo "SKIP: $1"
  exit 0
}
command -v node >/dev/null || skip "node is not installed: apt-get install nodejs"
major=$(node -p 'process.versions.node.split(".")[0]')
((major >= 20)) || skip "node $major is too old for esptool-js 0.7.0: install node 20"
[[ -f $tests/node_modules/esptool-js/package.json ]] || skip "esptool-js is not installed: npm ci in tests/"

failed=0
for mode in rom stub; do
  coproc SIM { exec "$sim_host" "$device" "$kind:0" profile=fast; }
  # shellcheck disable=SC2153  # set by coproc
  sim_pid=$SIM_PID
  read -r -t 20 -u "${SIM[0]}" address mac
  AIOT_TEST_NODE_MODULES=$tests node "$tests/peer/esptool_js.mjs" "$kind" "${address##*:}" "$name" "$mac" "$mode" 460800 ||
    failed=1
  eval "exec ${SIM[1]}>&-" # the end of its input ends it
  wait "$sim_pid" || failed=1
done
exit "$failed"
