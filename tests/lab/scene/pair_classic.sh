#!/bin/bash
# In the guest: two BR/EDR controllers. One lets itself be found as a speaker; the other is bonded with it.
aiotctl=$1
cd /run || exit 1
printf '[General]\nClass = 0x000414\n' >/etc/bluetooth/main.conf   # audio/video: loudspeaker
LAB_BTVIRT_ARGS=-B lab-bt 2 || exit 1
lab-power hci0 true || exit 1
python3 /lab/py/bond_device.py hci1 lab-speaker NoInputNoOutput >bond.log 2>&1 &
for ((i = 0; i < 300; i++)); do grep -q ready bond.log && break; sleep 0.1; done
cat bond.log
address=bluetooth:$(sed -n 's/^ready //p' bond.log)
"$aiotctl" discover --only bluetooth --jsonl --timeout 4s | sed 's/^/discover: /'
"$aiotctl" pair "$address" --json | sed 's/^/bond: /'
"$aiotctl" pair "$address" --json 2>/dev/null | sed 's/^/again: /'
"$aiotctl" pair unpair "$address" --json | sed 's/^/unpair: /'
grep -l LinkKey /var/lib/bluetooth/00:AA:01:00:00:00/*/info 2>/dev/null | sed 's/^/bond left: /'
echo end
