#!/usr/bin/env bash
# From a fresh Debian 12 to flashed devices: installs what is missing (as root or with sudo), builds
# aiotctl, and flashes four virtual devices, showing each command it runs. Everything it makes is
# under build/. With AIOT_TEST_DATA naming a folder that holds esp-images/, the same with real images.
set -euo pipefail
test_data=${AIOT_TEST_DATA:+$(realpath -m "$AIOT_TEST_DATA")}
sims=()
started=$SECONDS
complete=
finish() {
  local status=$? pid
  for pid in "${sims[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait
  if [[ ! $complete ]] && ((status == 130 || status == 143)); then
    echo "quickstart: stopped before it was done; run it again to go on"
  elif [[ ! $complete ]]; then
    echo "quickstart: FAILED (exit $status) at the command above; logs and files are under build/"
  else
    echo "quickstart: four virtual devices flashed, verified, changed and read back, two updated, in $((SECONDS - started)) s"
  fi
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
# shellcheck source=tests/setup.sh
source tests/setup.sh

install_packages base
install_npm || echo "npm could not bring the flasher stubs: the slower ROM loader is used."
stage "configure" cmake --preset release "$(stub_option)"
build_stage "build" build/release
stage "install into build/quickstart" cmake --install build/release --prefix build/quickstart
export PATH=$root/build/quickstart/bin:$root/build/release/bin:$PATH  # the image generator is not installed

work=$root/build/quickstart/work
rm -rf "$work"
mkdir -p "$work"
cd "$work"
started=$SECONDS

title() { printf '\n# %s\n' "$*"; }
# show LINE: prints a command line as one would type it, and runs it.
show() {
  printf '$ %s\n' "$1"
  eval "$1"
}
# brief COUNT LINE: the same, with the first COUNT lines of what it prints.
brief() {
  local lines
  printf '$ %s\n' "$2"
  eval "$2" >output.txt || { cat output.txt; return 1; }
  lines=$(wc -l <output.txt)
  head -n "$1" output.txt
  ((lines <= $1)) || printf '  … %s more lines\n' $((lines - $1))
}
# quietly LINE: runs it, and prints neither the line nor what it says unless it fails.
quietly() {
  eval "$1" >output.txt || { cat output.txt; return 1; }
}
# start_sim FILE COUNT LINE: runs it in the background until FILE has COUNT lines, one a device.
start_sim() {
  local file=$1 count=$2 line=$3 tries
  printf '$ %s &\n' "$line"
  eval "exec_sim() { exec $line; }"
  (exec_sim) &
  sims+=($!)
  for ((tries = 0; tries < 100; tries++)); do
    [[ -f $file && $(wc -l <"$file") -ge $count ]] && return 0
    kill -0 "${sims[-1]}" 2>/dev/null || break
    sleep 0.1
  done
  echo "the virtual devices did not start" >&2
  return 1
}
if grep -qsx up /sys/class/net/*/operstate; then
  title "A device out of its box, brought to the network"
  start_sim new.jsonl 1 "aiotctl sim provision --kind miio > new.jsonl"
  show "(umask 077 && printf 'ssid: home\npassword: correct horse\n' > wifi.yaml)"
  # Real devices may wait nearby: this one alone.
  mine="state=unprovisioned mac=$(jq -r .mac new.jsonl)"
  show "aiotctl discover --timeout 3s --where '$mine' --jsonl | aiotctl pair --devices - --wifi-file wifi.yaml --token-file token"
  kill "${sims[-1]}"
fi

title "A device that announces itself"
start_sim gadget.jsonl 1 "aiotctl sim gadget > gadget.jsonl"
gadget=$(jq -r .name gadget.jsonl)
if grep -qsx up /sys/class/net/*/operstate; then
  show "aiotctl discover --timeout 3s --where 'name=\"$gadget\"'"
  show "aiotctl discover --timeout 3s --where 'name=\"$gadget\"' --json | jq -c '.data.devices[] | {name, macs, sources}'"
else
  echo "No network interface is up: nothing can be discovered here."
fi

title "What it says: on its console, its sensor's values, and a crash"
console=$(jq -r .address gadget.jsonl)
sensor=$(jq -r '.addresses[] | select(startswith("coap:"))' gadget.jsonl)
show "aiotctl listen $console --count 3"
show "aiotctl listen $sensor --count 2 --jsonl | jq -c 'select(.event == \"message\") | .data.payload'"
show "echo panic | aiotctl listen $console --send --expect 'Guru Meditation Error' --timeout 30s"

if broker=$(PATH=$PATH:/usr/sbin command -v mosquitto); then
  kill "${sims[-1]}"
  title "What another publishes, through a broker"
  port=$((20000 + RANDOM % 12000))
  "$broker" -p "$port" 2>mosquitto.log &
  sims+=($!)
  start_sim publisher.jsonl 1 "aiotctl sim gadget --mac 24:0a:c4:a1:08:00 --mqtt mqtt://127.0.0.1:$port/home > publisher.jsonl"
  topics=$(jq -r '.addresses[] | select(startswith("mqtt:"))' publisher.jsonl)
  until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do kill -0 "${sims[-2]}" && sleep 0.1; done
  show "aiotctl listen '$topics' --count 4"
fi

title "A neural network on this machine"
brief 8 "aiotctl -q bench run kws --duration 500ms --report kws.html"
show "aiotctl -q bench run kws --runs 200 --json | jq -c '.data.models[] | {name, p50_us: .latency.p50_us, arena: .memory.arena_bytes}'"

title "Images for four virtual devices, written to all at once"
show "aiot-make-images --chip esp32 --output images"
start_sim devices.jsonl 4 "aiotctl sim esp32 --count 4 --port pty > devices.jsonl"
devices="--devices devices.jsonl"
first=$(jq -r .address devices.jsonl | head -n 1)
images="images/bootloader.bin@0x1000 images/partitions.bin@0x8000 images/app.bin@0x10000"
show "aiotctl flash write $devices $images"
brief 1 "aiotctl flash verify $devices $images"

title "One partition changes; only its sectors are written"
show "cp images/storage.bin changed.bin && printf 'station 7' | dd of=changed.bin bs=1 seek=8192 conv=notrunc status=none"
brief 1 "aiotctl flash write $devices images/storage.bin@storage"
show "aiotctl flash write $devices changed.bin@storage --json | jq -c '.data.devices[] | {mac, ok, size_bytes, sectors, sectors_written}'"

title "Read back, and compared"
show "aiotctl flash read $first --offset 0x10000 --size $(stat -c %s images/app.bin) -o app-back.bin"
show "cmp app-back.bin images/app.bin"
show "aiotctl flash read $first --partition storage -o storage-back.bin"
show "cmp -n $(stat -c %s changed.bin) storage-back.bin changed.bin"

title "An update: signed, served over TLS, and installed by a device with two slots"
quietly "aiotctl ota keygen root.pem && aiotctl ota keygen online.pem"
brief 2 "aiotctl ota init updates --root root.pem --targets online.pem"
brief 1 "aiotctl ota add images/app.bin --product lamp --hardware rev-b --repository updates --key online.pem"
quietly "cp updates/metadata/1.root.json root.json && cp images/storage.bin slot-a && truncate -s 1M slot-a slot-b"
start_sim served.jsonl 1 "aiotctl ota serve updates --self-signed --state server --listen 127.0.0.1:0 --jsonl > served.jsonl"
url=$(jq -r 'select(.event == "ready") | .urls[0]' served.jsonl)
pin=$(jq -r 'select(.event == "ready") | .certificate_sha256' served.jsonl)
install="aiotctl ota install $url --fingerprint $pin --root root.json --product lamp --hardware rev-b --state device --slot slot-a --slot slot-b"
show "$install"
show "aiotctl ota slot --state device"
show "cmp -n $(stat -c %s images/app.bin) slot-b images/app.bin"
brief 1 "aiotctl ota confirm --state device"
show "$install"

title "An image for MCUboot: signed, and pushed to a device that boots it"
quietly "head -c 60000 images/app.bin > zephyr.bin"
brief 2 "aiotctl ota sign zephyr.bin --pad-header --key online.pem --version 1.2.3 -o zephyr.signed.bin"
start_sim ota.jsonl 1 "aiotctl sim ota > ota.jsonl"
show "aiotctl ota push --devices ota.jsonl zephyr.signed.bin"

# real CHIP FILE@OFFSET…: each is explained, written to one virtual CHIP, verified, read back and compared.
real() {
  local chip=$1 device file offset placed
  shift
  start_sim "$chip.jsonl" 1 "aiotctl sim $chip > $chip.jsonl"
  device=$(jq -r .address "$chip.jsonl")
  for placed in "$@"; do
    file=${placed%@*} offset=${placed#*@}
    cp "$test_data/esp-images/$file" .
    show "aiotctl flash image $file --json | jq -c '.data | {kind, size_bytes, chip: .image.chip, checksum: .image.checksum_valid}'"
    show "aiotctl flash write $device $file@$offset"
    quietly "aiotctl flash verify $device $file@$offset"
    quietly "aiotctl flash read $device --offset $offset --size $(stat -c %s "$file") -o back.bin"
    quietly "cmp back.bin $file"
  done
}
if [[ $test_data && -d $test_data/esp-images ]]; then
  title "Real images: explained and written, then verified, read back and compared"
  real esp32 bootloader_esp32_v5_2.bin@0x1000 partitions_singleapp.bin@0x8000
  real esp32c3 bootloader_esp32c3.bin@0x0
  real esp32s2 esp_idf_blink_esp32s2.bin@0x10000
  if [[ -d $root/build/quickstart/share/aiotctl/stubs ]]; then
    real esp8266 bootloader_esp8266.bin@0x0 esp8266_deepsleep.bin@0x0
  else
    echo "The images for an ESP8266 are left out: without a stub its flash cannot be read."
  fi
fi
complete=yes
