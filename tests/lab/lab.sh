#!/usr/bin/env bash
# lab.sh - a throw-away QEMU machine with a full Debian kernel, in which real Linux
# Bluetooth, Wi-Fi and USB stacks run on virtual radios and a virtual USB bus.
#
#   lab.sh build                       download and unpack everything (needs apt, no root)
#   lab.sh run [options] 'COMMAND'     boot, run COMMAND as root, stream its output,
#                                      return its exit status, power off
#       -t SECONDS    limit for COMMAND (default 120); exit status 124 when it runs over
#       -o DIR        host folder that appears read-write at /out (default: none)
#       -e NAME=VALUE environment for COMMAND (repeatable)
#       -k FILE       keep the kernel console in FILE (printed by itself when a boot fails)
#   lab.sh accel                       print which accelerator is used: kvm or tcg
#
# The guest sees the host's whole file system read-only (9p), with the lab's own packages
# laid over it and a tmpfs on top: a test binary built on the host runs in the guest at the
# same path, and nothing it writes outlives the machine (except under /out).
#
# LAB_CACHE  where the downloads and the images go          (default: ./cache beside this)
# LAB_ACCEL  kvm, tcg or auto: kvm where it really runs a guest (default: auto)
# LAB_MEM    guest memory in MiB (default 768)
# LAB_SMP    guest processors (default 2 with kvm; 1 with tcg, where a second one costs more than it gives)
# LAB_KERNEL_ARGS  more kernel arguments, e.g. loglevel=7
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$(realpath -m "${LAB_CACHE:-$here/cache}")      # apt takes a relative one for a folder of its own
suite_kernel='^linux-image-6\.1\.0-[0-9]+-amd64$'      # not -cloud-: that one has no radios

packages=(
    busybox-static kmod udev bash coreutils util-linux bsdutils iproute2 procps
    dbus-daemon dbus-bin dbus-system-bus-common
    bluez bluez-meshd bluez-test-tools
    hostapd wpasupplicant iw wireless-regdb network-manager
    python3-minimal python3-dbus python3-gi
    e2fsprogs
)
# Pulled in by dependencies, used by nothing here, and large.
skip_packages='^(perl|perl-base|perl-modules-.*|libperl.*|dpkg|tar|debconf|adduser|passwd|usrmerge)_'

# Everything modprobe may be asked for in the guest; dependencies are added by themselves.
modules=(
    virtio_pci virtio_blk ext4 virtio_console virtio_net virtio_rng 9pnet_virtio 9p overlay
    hci_vhci bluetooth hci_uart btusb rfcomm bnep hidp bluetooth_6lowpan uhid uinput
    mac80211_hwsim cfg80211 mac80211 aesni_intel
    dummy_hcd libcomposite usb_f_acm usb_f_serial usb_f_fs usb_f_hid usb_f_mass_storage
    usb_f_ncm usb_f_ecm usb_f_rndis g_serial g_ffs gadgetfs cdc_acm cdc_ether cdc_ncm
    usbserial cp210x ftdi_sio ch341 pl2303 usb_storage usbhid usbmon
    vhci_hcd usbip_host usbip_vudc
    vcan can can_raw slcan veth dummy bridge tun macvlan configfs cuse fuse
)
# Whole folders: the kernel asks for crypto by algorithm name, so dependencies do not show them.
# btvirt needs AF_ALG with ecb(aes), pairing needs ecdh + drbg, Wi-Fi needs ccm, gcm and cmac.
module_folders=(crypto arch/x86/crypto lib/crypto)
boot_modules=(virtio_pci virtio_blk virtio_console ext4 9pnet_virtio 9p overlay)       # loaded by the initramfs

say() { printf 'lab: %s\n' "$*" >&2; }
die() { say "$*"; exit 125; }

# ---------------------------------------------------------------- build

# apt with an empty list of installed packages: the closure is the same on every host.
lab_apt() {
    apt-get -o Dir::State::status="$cache/apt/status" -o Dir::Cache::archives="$cache/debs" \
        -o Debug::NoLocking=1 -o APT::Install-Recommends=0 -o APT::Sandbox::User= -q=2 "$@"
}

unpack_deb() {      # a usrmerged root: /bin, /sbin, /lib and /lib64 are links in the target
    dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --keep-directory-symlink --no-same-owner \
        --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' \
        --exclude='./usr/share/locale/*' --exclude='./usr/share/info/*' \
        --exclude='./usr/share/lintian/*' --exclude='./usr/share/bash-completion/*'
}

build_root() {
    local root=$cache/tree.new d deb
    rm -rf "$root"; mkdir -p "$root/usr/"{bin,sbin,lib,lib64} "$cache/apt" "$cache/debs/partial"
    for d in bin sbin lib lib64; do ln -s "usr/$d" "$root/$d"; done
    : > "$cache/apt/status"
    say "downloading the packages"
    lab_apt -y --download-only install "${packages[@]}" >/dev/null
    say "unpacking $(find "$cache/debs" -name '*.deb' | wc -l) packages"
    for deb in "$cache"/debs/*.deb; do
        [[ $(basename "$deb") =~ $skip_packages ]] || unpack_deb "$deb" "$root"
    done
    # What the packages' own scripts would have done.
    ln -sfn regulatory.db-debian     "$root/usr/lib/firmware/regulatory.db"
    ln -sfn regulatory.db.p7s-debian "$root/usr/lib/firmware/regulatory.db.p7s"
    local ld=$root/usr/lib/x86_64-linux-gnu
    "$ld/ld-linux-x86-64.so.2" --library-path "$ld" "$root/usr/bin/python3.11" -I -S -m compileall \
        -q --invalidation-mode unchecked-hash -s "$root" \
        "$root/usr/lib/python3.11" "$root/usr/lib/python3" >/dev/null || say "no byte code: slower"
    rm -rf "$cache/tree"; mv "$root" "$cache/tree"
}

build_kernel() {
    local pkg deb x=$cache/kernel.new
    pkg=$(apt-cache search --names-only "$suite_kernel" | awk '{print $1}' | sort -V | tail -1)
    [[ $pkg ]] || die "no package matches $suite_kernel: run apt-get update"
    mkdir -p "$cache/kdebs"
    deb=$(find "$cache/kdebs" -name "${pkg}_*.deb" | tail -1)
    if [[ ! $deb ]]; then
        say "downloading $pkg"
        (cd "$cache/kdebs" && apt-get -q=2 -o APT::Sandbox::User= download "$pkg" >/dev/null)
        deb=$(find "$cache/kdebs" -name "${pkg}_*.deb" | tail -1)
    fi
    say "unpacking $pkg"
    rm -rf "$x"; mkdir -p "$x"
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$x" --no-same-owner
    local v=${pkg#linux-image-} bb=$cache/tree/usr/bin/busybox kmod=$cache/tree/usr/bin/kmod
    # A decompressed kernel boots through PVH: under TCG that saves the 3 to 5 s that the
    # kernel's own xz decompressor takes when it is emulated.
    python3 - "$x/boot/vmlinuz-$v" "$cache/vmlinux" <<'PY'
import lzma, sys
image = open(sys.argv[1], "rb").read()
start = image.find(b"\xfd7zXZ\x00")
kernel = lzma.LZMADecompressor().decompress(image[start:])
assert kernel[:4] == b"\x7fELF"
open(sys.argv[2], "wb").write(kernel)
PY
    # Keep only the modules named above and what they need.
    local from=$x/lib/modules/$v to=$cache/tree/usr/lib/modules/$v m path
    (exec -a depmod "$kmod" -b "$x" "$v")
    rm -rf "$cache/tree/usr/lib/modules"; mkdir -p "$to"
    cp "$from"/modules.{builtin,builtin.modinfo,order} "$to/"
    {   for m in "${modules[@]}"; do
            (exec -a modprobe "$kmod" -d "$x" -S "$v" --show-depends "$m" 2>/dev/null) || say "no module $m"
        done
        for m in "${module_folders[@]}"; do
            find "$from/kernel/$m" -name '*.ko' -printf 'insmod %p\n'
        done
    } | awk '$1=="insmod"{print $2}' | sort -u | while read -r path; do
        path=${path#"$x"}; mkdir -p "$cache/tree/usr$(dirname "$path")"
        cp "$x$path" "$cache/tree/usr$path"
    done
    (exec -a depmod "$kmod" -b "$cache/tree" "$v")
    build_initramfs "$v"
    build_image
    rm -rf "$x"; echo "$v" > "$cache/kernel.version"
}

build_initramfs() {
    local v=$1 i=$cache/initramfs.new bb=$cache/tree/usr/bin/busybox kmod=$cache/tree/usr/bin/kmod m path n=0
    rm -rf "$i"; mkdir -p "$i"/{bin,m,proc,sys,dev,l}
    cp "$bb" "$i/bin/busybox"
    for m in "${boot_modules[@]}"; do
        (exec -a modprobe "$kmod" -d "$cache/tree" -S "$v" --show-depends "$m")
    done | awk '$1=="insmod" && !seen[$2]++ {print $2}' | while read -r path; do
        n=$((n+1)); cp "$path" "$i/m/$(printf %02d $n)-$(basename "$path")"
    done
    cp "$here/guest/initramfs-init" "$i/init"; chmod +x "$i/init"
    (cd "$i" && find . | "$bb" cpio -o -H newc 2>/dev/null) | gzip -1 > "$cache/initramfs.gz"
    rm -rf "$i"
}

# The lab's own files go into a disk image: the guest then reads them through its page cache
# with few exits, where every path component over 9p is a round trip to QEMU.
build_image() {
    local ld=$cache/tree/usr/lib/x86_64-linux-gnu size
    size=$(du -sm --apparent-size "$cache/tree" | cut -f1)
    rm -f "$cache/tree.img"; truncate -s $((size * 13 / 10 + 48))M "$cache/tree.img"
    "$ld/ld-linux-x86-64.so.2" --library-path "$ld" "$cache/tree/usr/sbin/mke2fs" -q -F -t ext4 \
        -O ^has_journal,^metadata_csum,^resize_inode -E root_owner=0:0 -m 0 -d "$cache/tree" "$cache/tree.img"
}

build_probe() {     # the smallest guest: does this accelerator run a kernel at all?
    local i=$cache/probe.new bb=$cache/tree/usr/bin/busybox
    rm -rf "$i"; mkdir -p "$i/bin"; cp "$bb" "$i/bin/"
    printf '#!/bin/busybox sh\necho lab-probe-ok\n/bin/busybox poweroff -f\n' > "$i/init"; chmod +x "$i/init"
    (cd "$i" && find . | "$bb" cpio -o -H newc 2>/dev/null) | gzip -1 > "$cache/probe.gz"
    rm -rf "$i"; rm -f "$cache/accel"
}

# What the images depend on: a change of it means a new build.
recipe() {
    { declare -p packages modules module_folders boot_modules skip_packages suite_kernel
      cat "$here/guest/initramfs-init"; } | sha256sum
}

build() {
    mkdir -p "$cache"
    exec 9>"$cache/lock"; flock 9
    built && return                       # another process was faster
    rm -f "$cache/built"
    build_root
    build_kernel
    build_probe
    recipe > "$cache/built"
    exec 9>&-
    say "built in $cache: files $(du -sh "$cache/tree" | cut -f1), initramfs $(du -h "$cache/initramfs.gz" | cut -f1)"
}

built() { [[ -e $cache/built && $(cat "$cache/built") == "$(recipe)" ]]; }

# ---------------------------------------------------------------- run

kernel_args="console=ttyS0 quiet panic=-1 mitigations=off nokaslr audit=0 apparmor=0
    random.trust_cpu=on no_timer_check rcupdate.rcu_expedited=1 net.ifnames=0
    mac80211_hwsim.support_p2p_device=0 ${LAB_KERNEL_ARGS-}"

# shellcheck disable=SC2054  # the commas are QEMU's own
# Sets machine[]: what QEMU needs for the accelerator $1.
machine_for() {
    case $1 in
        kvm) machine=(-accel kvm -cpu host -smp "${LAB_SMP:-2}") ;;
        tcg) machine=(-accel tcg,thread=multi,tb-size=512 -cpu max -smp "${LAB_SMP:-1}") ;;
    esac
    machine+=(-M q35,usb=off,vmport=off,smm=off -nodefaults -no-user-config -no-reboot -display none)
}

# A /dev/kvm that opens is not proof: some sandboxes offer one that only emulates a stock
# kernel, or kills QEMU. So boot the smallest guest with it, once, and remember the answer.
choose_accel() {
    case ${LAB_ACCEL:-auto} in kvm|tcg) echo "$LAB_ACCEL"; return ;; esac
    if [[ ! -s $cache/accel ]]; then
        local found=tcg machine
        if [[ -w /dev/kvm ]]; then
            machine_for kvm
            if [[ $(timeout -k 2 10 qemu-system-x86_64 "${machine[@]}" -m 256 -serial stdio \
                -kernel "$cache/vmlinux" -initrd "$cache/probe.gz" \
                -append 'console=ttyS0 quiet panic=-1' </dev/null 2>/dev/null || true) == *lab-probe-ok* ]]
            then found=kvm; fi
        fi
        echo "$found" > "$cache/accel"
    fi
    cat "$cache/accel"
}

run() {
    local limit=120 out='' console='' OPTIND=1 opt; local -a env=()
    while getopts 't:o:e:k:' opt; do
        case $opt in
            t) limit=$OPTARG ;; o) out=$(realpath "$OPTARG") ;;
            e) env+=("$OPTARG") ;; k) console=$OPTARG ;;
            *) die "usage: lab.sh run [-t SECONDS] [-o DIR] [-e NAME=VALUE] [-k FILE] 'COMMAND'" ;;
        esac
    done
    shift $((OPTIND - 1)); [[ $# -eq 1 ]] || die "run takes one COMMAND"
    built || build

    local job accel machine rc=0; job=$(mktemp -d "${TMPDIR:-/tmp}/lab.XXXXXX")
    qemu=''; trap '[[ ! $qemu ]] || kill "$qemu" 2>/dev/null; rm -rf "'"$job"'"' EXIT
    trap 'exit 130' INT TERM HUP
    [[ $console ]] || console=$job/console
    accel=$(choose_accel); machine_for "$accel"
    printf '%s\n' "$1" > "$job/command"
    {   printf 'export %q\n' "${env[@]+"${env[@]}"}" | grep -v "^export ''$" || true
        printf 'export LAB_ACCEL=%q LAB_CWD=%q LAB_LIMIT=%q\n' "$accel" "$PWD" "$limit"
    } > "$job/env"

    # shellcheck disable=SC2054
    local -a share=(-fsdev "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap"
        -device virtio-9p-pci,fsdev=host,mount_tag=host
        -drive "file=$cache/tree.img,format=raw,if=none,id=lab,readonly=on,cache=unsafe"
        -device virtio-blk-pci,drive=lab
        -fsdev "local,id=guest,path=$here/guest,security_model=none,readonly=on"
        -device virtio-9p-pci,fsdev=guest,mount_tag=guest
        -fsdev "local,id=job,path=$job,security_model=none"
        -device virtio-9p-pci,fsdev=job,mount_tag=job)
    [[ -z $out ]] || : > "$job/has-out"
    # shellcheck disable=SC2054
    [[ -z $out ]] || share+=(-fsdev "local,id=out,path=$out,security_model=none"
        -device virtio-9p-pci,fsdev=out,mount_tag=out)

    # stdout and stderr leave the guest on two virtio-serial ports, each through a FIFO: QEMU's
    # stdio chardev would close at the end of stdin, and the guest's writes would block for ever.
    mkfifo "$job/stdout" "$job/stderr"
    cat "$job/stdout" & local cat1=$!
    cat "$job/stderr" >&2 & local cat2=$!
    timeout -k 5 $((limit + ${LAB_BOOT_LIMIT:-60})) qemu-system-x86_64 "${machine[@]}" \
        -m "${LAB_MEM:-768}" \
        -kernel "$cache/vmlinux" -initrd "$cache/initramfs.gz" -append "${kernel_args//$'\n'/ }" \
        -chardev "file,id=console,path=$console" -serial chardev:console \
        -device virtio-serial-pci \
        -chardev "file,id=stdout,path=$job/stdout" -device virtserialport,chardev=stdout,name=lab.out \
        -chardev "file,id=stderr,path=$job/stderr" -device virtserialport,chardev=stderr,name=lab.err \
        -device virtio-rng-pci "${share[@]}" </dev/null >&2 &
    qemu=$!; wait "$qemu" || rc=$?; qemu=''
    # Where QEMU never opened a FIFO its cat still waits for a writer.
    : <> "$job/stdout" <> "$job/stderr"
    wait "$cat1" "$cat2" || true

    if [[ -s $job/status ]]; then exit "$(cat "$job/status")"; fi
    say "the guest gave no exit status (qemu: $rc); the end of its console:"
    tail -40 "$console" >&2
    [[ $rc -eq 124 ]] && exit 124
    exit 125
}

case ${1:-} in
    build) build ;;
    accel) built || build; choose_accel ;;
    run)   shift; run "$@" ;;
    *)     sed -n '2,26s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2 ;;
esac
