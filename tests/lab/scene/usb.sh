#!/bin/bash
# In the guest: a USB serial device is plugged in while the usb source looks on with the kernel's word alone, and
# unplugged with udevd's, which makes the stable names and applies the rules of packaging/.
aiotctl=$1
discover() { exec "$aiotctl" discover --only usb --watch --jsonl --timeout 100s; }
modprobe -a dummy_hcd libcomposite cdc_acm || exit 1
# watch PATTERN: until the source under way has said it, 60 s at most
watch() {
  for ((i = 0; i < 600; i++)); do
    grep -q "$1" /run/seen && return
    sleep 0.1
  done
}

discover >/run/seen &
watch ttyS0
lab-usb-acm LAB0002 0x303a 0x4001 || exit 1  # an application of Espressif's
watch 'LAB0002.*ttyACM0'
kill %1
sed 's/^/kernel: /' /run/seen

mkdir -p /run/udev/rules.d
cp "$(dirname "$0")/../../../packaging/60-aiotctl.rules" /run/udev/rules.d || exit 1
/usr/lib/systemd/systemd-udevd --daemon || exit 1
for ((i = 0; i < 100; i++)); do [[ -S /run/udev/control ]] && break; sleep 0.1; done
port=$(realpath /sys/class/tty/ttyACM0/device/..)
udevadm trigger --action=add "$port" /sys/class/tty/ttyACM0 /sys/class/tty/ttyS0
udevadm settle --timeout=30
for device in "$port" /sys/class/tty/ttyACM0 /sys/class/tty/ttyS0; do
  properties=$(udevadm info --query=property "$device")
  echo "rules: $(basename "$device") uaccess $(grep -c '^CURRENT_TAGS=.*:uaccess:' <<<"$properties")," \
    "ignored $(grep -c '^ID_MM_DEVICE_IGNORE=1$' <<<"$properties")"
done
discover >/run/seen &
watch by-id
echo >/sys/kernel/config/usb_gadget/acm/UDC
watch '"event":"lost"'
kill %2
sed 's/^/udevd: /' /run/seen
