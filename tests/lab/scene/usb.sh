#!/bin/bash
# In the guest: a USB serial device is plugged in while the usb source looks on with the kernel's word alone, and
# unplugged with udevd's, which makes the stable names.
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
lab-usb-acm || exit 1
watch 'LAB0002.*ttyACM0'
kill %1
sed 's/^/kernel: /' /run/seen

/usr/lib/systemd/systemd-udevd --daemon || exit 1
for ((i = 0; i < 100; i++)); do [[ -S /run/udev/control ]] && break; sleep 0.1; done
udevadm trigger --action=add --subsystem-match=tty --sysname-match='ttyACM*'
udevadm settle --timeout=30
discover >/run/seen &
watch by-id
echo >/sys/kernel/config/usb_gadget/acm/UDC
watch '"event":"lost"'
kill %2
sed 's/^/udevd: /' /run/seen
