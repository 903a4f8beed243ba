#!/bin/bash
# In the guest: three controllers and a real bluetoothd. Virtual devices behind two of them are provisioned by the
# first; then one is a device that wants a bond, in each of the ways there are.
aiotctl=$1
umask 077
cd /run || exit 1
printf 'ssid: home\npassword: secret-pass\n' >wifi.yaml
printf 'ssid: home\npassword: other-pass\n' >other.yaml
printf 'username: wifiprov\npop: abcd1234\n' >pop.yaml
printf 'username: wifiprov\npop: wrong\n' >wrong.yaml
printf 'passkey: "000001"\n' >key.yaml
# until_seen PATTERN FILE: 30 s at most
until_seen() {
  for ((i = 0; i < 300; i++)); do
    grep -qs "$1" "$2" && return
    sleep 0.1
  done
  echo "no $1 in $2:"
  cat "$2"
}
# pair NAME OPTIONS…: the events that matter, with NAME before each line
pair() {
  local name=$1
  shift
  "$aiotctl" pair "$@" --jsonl --timeout 60s >pair.out 2>pair.err
  echo "exit $?" >>pair.out
  grep -E '"(log|notice|failed|finished)"|^exit' pair.out | sed "s/^/$name: /"
}
# provision NAME ADAPTER OPTIONS…: a virtual device behind a controller, at $address
provision() {
  "$aiotctl" sim provision --port "ble:$2" --jsonl "${@:3}" >"$1.sim" 2>&1 &
  until_seen '"ready"' "$1.sim"
  address=$(grep -o 'ble:[0-9A-F:]*' "$1.sim" | head -n 1)
}
# bondable IO: a device on hci2 that can do this much, at $address
bondable() {
  [[ -z $device ]] || { kill "$device"; wait "$device"; }
  rm -f typed refuse
  python3 /lab/py/bond_device.py hci2 lab-bond "$1" le >bond.log 2>&1 &
  device=$!
  until_seen ready bond.log
  address=ble:$(sed -n 's/^ready //p' bond.log)
}
unpair() { "$aiotctl" pair unpair "$address" --json | sed "s/^/$1: /"; }

lab-bt 3 || exit 1
lab-power hci0 true || exit 1
provision esp hci1 --kind esp --wifi-file wifi.yaml --secret-file pop.yaml
pair "wrong proof" "$address" --wifi-file wifi.yaml --secret-file wrong.yaml
pair "wrong password" "$address" --wifi-file other.yaml --secret-file pop.yaml
pair esp "$address" --wifi-file wifi.yaml --secret-file pop.yaml
provision improv hci2 --kind improv --wifi-file wifi.yaml
improv=$!
pair improv "$address" --wifi-file wifi.yaml
kill "$improv"
wait "$improv"

bondable NoInputNoOutput
pair "just works" "$address"
pair again "$address"
unpair unpair
unpair "unpair again"
bondable KeyboardOnly
{
  until_seen 'type [0-9]' pair.out
  sed -n 's/.*type \([0-9]*\) on the device.*/\1/p' pair.out >typed.new
  mv typed.new typed
} &
pair "passkey shown" "$address" --io DisplayOnly
unpair "after a passkey"
echo 1 >typed
pair "wrong passkey typed" "$address" --io DisplayOnly
bondable DisplayYesNo
pair comparison "$address" --io DisplayYesNo
unpair "after a comparison"
touch refuse
pair refused "$address" --io DisplayYesNo
bondable DisplayOnly
pair "no passkey" "$address" --io KeyboardOnly
pair "wrong passkey" "$address" --secret-file key.yaml
rm -f shown
python3 /lab/py/typed_pair.py "$aiotctl" "$address" --io KeyboardDisplay | sed 's/^/typed: /'
unpair "after typing"
grep -l LongTermKey /var/lib/bluetooth/00:AA:01:00:00:00/*/info 2>/dev/null | sed 's/^/bond left: /'
echo end
