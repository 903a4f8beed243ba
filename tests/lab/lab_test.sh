#!/usr/bin/env bash
# lab_test.sh AIOTCTL FOLDER: what `discover`, `listen` and `pair` make of real Bluetooth, USB and Wi-Fi stacks, in a virtual machine (lab.sh),
# whose files lie in FOLDER. Skips where there is no QEMU, or Debian's packages cannot be had.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
aiotctl=$1
export LAB_CACHE=$2
skip() {
  echo "SKIP: $*"
  exit 0
}
command -v qemu-system-x86_64 >/dev/null || skip "no virtual machine here: apt-get install qemu-system-x86"
command -v apt-get >/dev/null || skip "the lab's guest is made of Debian packages, and apt-get is not here"
mkdir -p "$LAB_CACHE"
if ! "$here/lab.sh" build >"$LAB_CACHE/build.log" 2>&1; then
  skip "the lab could not be built: $(tail -n 1 "$LAB_CACHE/build.log")"
fi

failures=0
# scene NAME: its output, in $seen
scene() {
  local start=$SECONDS
  echo "== $1"
  seen=$("$here/lab.sh" run -t 300 "bash $here/scene/$1.sh $aiotctl" 2>&1) || echo "the guest ended with $?"
  echo "   $((SECONDS - start)) s"
}
# sees NAME PATTERN: one line of the scene has it
sees() {
  if grep -Eq -- "$2" <<<"$seen"; then
    echo "   ok: $1"
  else
    failures=$((failures + 1))
    echo "   NOT SEEN: $1 ($2) in:"
    # shellcheck disable=SC2001
    sed 's/^/     | /' <<<"$seen"
  fi
}

# sees_last NAME END UNWANTED: the scene came to its END, and no line of it is UNWANTED
sees_last() {
  if grep -Eq -- "$3" <<<"$seen"; then seen+=$'\nUNWANTED'; fi
  if [[ $seen == *UNWANTED ]]; then sees "$1" "(no line with $3)"; else sees "$1" "$2"; fi
}

scene ble
sees "an adapter without power is told as such" '^without power: .*"state":"no adapter","detail":"[^"]*switched off[^"]*","hint":"[^"]*bluetoothctl power on'
sees "MiBeacon, decoded" '"event":"(found|changed)".*"ecosystem":"Xiaomi Mi Home".*"ble.temperature_celsius":25\.4'
sees "BTHome, decoded" '"event":"(found|changed)".*"ecosystem":"BTHome".*"ble.temperature_celsius":25\.06'
sees "how the scan went" '"name":"ble","state":"ran","detail":"[0-9]+ adverts on hci0'
sees "MiBeacon, listened to" '"event":"message".*"format":"mibeacon-v[0-9]".*"temperature_celsius":25\.4'
sees "BTHome, listened to" '"event":"message".*"format":"bthome-v2".*"temperature_celsius":25\.06'

scene usb
sees "plugged in, by the kernel's word" '^kernel: .*"event":"(found|changed)".*"serial:/dev/ttyACM0".*"serial":"LAB0002"'
sees "the stable name, by udev" '^udevd: .*"event":"(found|changed)".*serial:/dev/serial/by-id/usb-AIoT_lab_ACM_device_LAB0002-if00'
sees "the rules pick the port" '^rules: ttyACM0 uaccess 1, ignored 1$'
sees "the rules pick its device" '^rules: [0-9]+-[0-9.]+ uaccess 1, ignored 1$'
sees "the rules leave another port alone" '^rules: ttyS0 uaccess 0, ignored 0$'
sees "unplugged, by udevd's word" '^udevd: .*"event":"lost".*LAB0002'

scene wifi
sees "a device that waits to be set up" '"event":"(found|changed)".*"state":"unprovisioned".*PROV_AB12CD'
sees "who scanned" '"name":"wifi","state":"ran","detail":"[0-9]+ access points? on wlan1 .wpa_supplicant'

scene pair_ble
sees "ESP: a wrong proof of possession" '^wrong proof: .*"step":"authenticate","code":"pair.wrong_proof"'
sees "ESP: a wrong password, and the device stays ready" '^wrong password: .*"step":"join","code":"pair.network_refused"'
sees "ESP: joined" '^esp: .*"event":"finished".*"protocol":"esp".*"stage":"joined".*"ssid":"home"'
sees "Improv: joined" '^improv: .*"event":"finished".*"protocol":"improv".*"stage":"joined".*"ssid":"home"'
sees "a bond that just works" '^just works: .*"event":"finished".*"protocol":"bond".*"stage":"confirmed"'
sees "a bond that is there already" '^again: .*"code":"pair.already_paired"'
sees "the end of a bond" '^unpair: .*"ok":true'
sees "no bond to end" '^unpair again: .*"code":"pair.not_found"'
sees "a passkey to type on the device" '^passkey shown: .*"event":"finished".*"stage":"confirmed"'
sees "another passkey typed" '^wrong passkey typed: .*"step":"authenticate","code":"pair.wrong_passkey"'
sees "numbers compared" '^comparison: .*"event":"finished".*"stage":"confirmed"'
sees "numbers that the device does not confirm" '^refused: .*"step":"authenticate","code":"pair.rejected_by_user"'
sees "no passkey to enter" '^no passkey: .*"step":"authenticate","code":"pair.missing_secret"'
sees "a wrong passkey entered" '^wrong passkey: .*"step":"authenticate","code":"pair.wrong_passkey"'
sees "a passkey typed in a terminal" '^typed: exit 0'
sees "the end of that bond" '^after typing: .*"ok":true'
sees_last "no bond of a failed attempt is left" '^end$' '^bond left'

scene ota_ble
sees "SMP over BLE: an echo" '^echo: .*"ok":true.*"text":"Hello, world!"'
sees "SMP over BLE: its buffers" '^params: .*"name":"buf_size","value":2048'
sees "SMP over BLE: its images" '^images: .*"version":"1\.0\.0".*"active":true'
sees "SMP over BLE: uploaded, tested, reset, confirmed" '^push: .*"ok":true.*"version_before":"1\.0\.0","version_after":"2\.0\.0".*"booted":true,"confirmed":true'
sees "SMP over BLE: up to date" '^again: .*"up_to_date":true'
sees "SMP over BLE: an image that is not booted" '^reverted: .*"code":"ota.not_booted"'
sees_last "SMP over BLE: to the end" '^end$' '^no .* in sim.out'

scene pair_mesh
sees "a mesh device, provisioned with static OOB" '^provisioned: .*"protocol":"mesh".*"stage":"authenticated".*"stage":"joined"'
sees "it is a node" '^device: .*"paired":true'
sees "a wrong secret" '^wrong secret: .*"code":"pair.wrong_proof"'
sees "no secret" '^no secret: .*"code":"pair.device_refused"'
sees "without OOB" '^no OOB: .*"stage":"joined"'
sees "the network's token is its owner's" '^state: 600$'

scene pair_classic
sees "a speaker by inquiry" '^discover: .*"event":"found".*"bluetooth.class_minor":"loudspeaker","bluetooth.services":."A/V Remote Control"'
sees "a BR/EDR bond, and its profiles" '^bond: .*"protocol":"bond".*"model":"audio/video: loudspeaker".*"stage":"confirmed".*"A/V Remote Control"'
sees "a BR/EDR bond that is there already" '^again: .*"code":"pair.already_paired"'
sees "the end of a BR/EDR bond" '^unpair: .*"ok":true'
sees_last "nothing is left of it" '^end$' '^bond left'

scene pair_wifi
home='back on home, networks: home , record: $'
for name in "WPA2" "SAE" "open and hidden"; do
  sees "$name: paired at the device's access point" "^$name: .*\"event\":\"finished\".*\"stage\":\"joined\""
  sees "$name: back" "^$name: $home"
done
for name in "WPA2, wrong" "SAE, wrong"; do
  sees "$name: its own error" "^$name: .*\"code\":\"wifi.wrong_password\""
  sees "$name: back" "^$name: $home"
done
sees "SIGINT" '^interrupted: exit 130'
sees "SIGINT: back" "^interrupted: $home"
sees "SIGKILL leaves a record" '^killed: exit 137, record: wifi-move.json'
sees "the next run says so" '^after a kill: .*"code":"pair.wifi_left_behind"'
sees "brought back" "^restored: $home"
sees "no DHCP" '^no DHCP: .*"code":"wifi.no_address"'
sees "no DHCP: back" "^no DHCP: $home"

LAB_MEM=1024 scene pair_manager
sees "NetworkManager: paired at the access point, for the host's own network" '^NetworkManager: .*"ok":true.*"stage":"joined".*"ssid":"home"'
sees "NetworkManager: back" '^NetworkManager: back on home , profiles: home , record: $'
sees "NetworkManager: a wrong password has its own error" '^NetworkManager, wrong: .*"code":"wifi.wrong_password"'
sees "NetworkManager: back after it" '^NetworkManager, wrong: back on home , profiles: home , record: $'

scene pair_dpp
sees "DPP over radio: a wrong password" '^wrong password: .*"ok":false.*"code":"pair.network_refused"'
sees "DPP over radio: configured" '^configured: .*"ok":true.*"protocol":"dpp".*"stage":"joined"'
sees "DPP over radio: the device is on the network" '^device: wpa_state=COMPLETED'

scene doctor
check() { printf '^%s: .*"exit":%s,.*"name":"%s","state":"%s"[^}]*' "$@"; } # WHEN EXIT NAME STATE
sees "doctor: a machine without radios" "$(check bare 0 bluetooth-adapter warning)"
sees "doctor: a port of another group" "$(check stranger 5 serial-ports fault)sudo usermod -aG dialout nobody"
sees "doctor: a port of the user's group" "$(check member '[05]' serial-ports ok)"
sees "doctor: Bluetooth is well" "$(check powered 0 bluetooth-adapter ok)hci0 is powered.*\"bluetooth-daemon\",\"state\":\"ok\""
sees "doctor: Bluetooth without power" "$(check off 5 bluetooth-adapter fault)bluetoothctl power on"
sees "doctor: Bluetooth blocked" "$(check blocked 5 bluetooth-adapter fault)sudo rfkill unblock bluetooth"
sees "doctor: no bluetoothd" "$(check no-bluetoothd 5 bluetooth-daemon fault)sudo (systemctl|service|apt)"
sees "doctor: no wpa_supplicant" "$(check no-supplicant 5 wifi-daemon fault)sudo (systemctl|service|apt)"
sees "doctor: Wi-Fi is well" "^supplicant: .*\"wifi-interface\",\"state\":\"ok\".*\"wifi-daemon\",\"state\":\"ok\""
sees "doctor: Wi-Fi blocked" "$(check wlan-blocked 5 wifi-interface fault)sudo rfkill unblock wlan"
sees "doctor: D-Bus is well" "^supplicant: .*\"dbus\",\"state\":\"ok\""
sees "doctor: no D-Bus" "$(check no-dbus 5 dbus fault)sudo (systemctl|service|apt)"
sees "doctor: ModemManager, brltty" "^takers: .*\"modem-manager\",\"state\":\"warning\".*\"brltty\",\"state\":\"warning\""
sees "doctor: neither" "^no-dbus: .*\"modem-manager\",\"state\":\"ok\".*\"brltty\",\"state\":\"ok\""
sees "doctor: Wi-Fi left at a device" "$(check moved 5 wifi-move fault)aiotctl pair --restore-wifi"
sees "doctor: port 5353 is held alone" "$(check held 5 mdns-port fault)sport = :5353"
sees "doctor: port 5353 is free" "^moved: .*\"mdns-port\",\"state\":\"ok\""
sees "doctor: the clock is at 1970" "$(check epoch 5 clock fault)sudo timedatectl"
sees "doctor: the clock is plausible" "^held: .*\"clock\",\"state\":\"(ok|warning)\""

echo "$failures failures"
((failures == 0))
