#!/usr/bin/env bash
# package_test.sh BUILD SOURCE CXX: makes the packages and the archive of the one-file program, asks lintian, and uses them:
# the archive in a folder of its own, the packages in a clean Debian that debootstrap makes.
set -euo pipefail
build=$1 source=$2 cxx=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

check() {  # check NAME COMMAND…: runs it, says which check failed
  local name=$1
  shift
  if "$@" >"$scratch/out" 2>&1; then return; fi
  echo "FAILED: $name"
  tail -n 40 "$scratch/out"
  failed=1
}
stage() { printf '%4d s: %s\n' "$SECONDS" "$*"; }

stage "cpack"
if ! cpack --config "$build/CPackConfig.cmake" -G 'DEB;TGZ' -D CPACK_DEBIAN_COMPRESSION_TYPE=gzip -B "$scratch/made" >"$scratch/out" 2>&1; then
  cat "$scratch/out"
  exit 1
fi
mapfile -t debs < <(find "$scratch/made" -maxdepth 1 -name '*.deb' | sort)
check "three packages are made" test "${#debs[@]}" = 3
mkdir "$scratch/control"
for deb in "${debs[@]}"; do dpkg-deb -f "$deb" >"$scratch/control/$(dpkg-deb -f "$deb" Package)"; done
check "aiotctl depends on this libaiot0 and on what it links" \
  grep -Eq '^Depends: libaiot0 \(= .*libc6 \(>= .*libstdc\+\+6 ' "$scratch/control/aiotctl"
check "libaiot0 depends on what it links" \
  grep -Eq '^Depends: .*libboost-json1\..*libssl3 \(>= .*libyaml-cpp' "$scratch/control/libaiot0"
# lib/core/module.hpp: load_functions(FILE, PACKAGE, …).
mapfile -t opened < <(grep -rhoE 'load_functions<[A-Za-z]+>\(\s*"lib[^"]*", *"[^"]*"' -z "$source/lib" | tr '\0' '\n' |
  grep -oE ', *"lib[^"]*"' | tr -d '", ')
check "the code names packages that it opens" test "${#opened[@]}" -ge 5
for package in "${opened[@]}"; do
  check "libaiot0 recommends or suggests $package" \
    grep -Eq "^(Recommends|Suggests): .*\\b$package\\b" "$scratch/control/libaiot0"
done

if [[ -d $build/share/aiotctl/stubs ]]; then
  stub=$build/share/aiotctl/stubs/esp32.json
  mkdir "$scratch/stubs"
  sed 's/"entry": /&1/' "$stub" >"$scratch/stubs/esp32.json"
  sed "s|file(GLOB stubs [^ ]*/|file(GLOB stubs $scratch/stubs/|" "$build/generator.cmake" >"$scratch/generator.cmake"
  check "a stub of unknown licence is refused" \
    sh -c "cmake -P '$scratch/generator.cmake' 2>&1 | tr -s '\\n ' ' ' | grep -q 'licence of .*esp32.json is not known'"
fi

if command -v lintian >/dev/null; then
  stage "lintian"
  check "lintian finds nothing" lintian --allow-root --fail-on error,warning "${debs[@]}"
else
  echo "SKIP: lintian is not installed"
fi

# use_tool RUN FILES: the tool of a stranger, who has its files in FILES and starts it as RUN.
mkdir "$scratch/given"
check "an image is made" "$build/bin/aiot-make-images" --chip esp32c3 "$scratch/given"
grep -v '^#' "$source/tests/vectors/capture/btsnoop_android.txt" | tr -d '\n' | sed 's/../\\x&/g' |
  { read -r escaped || true; printf '%b' "$escaped"; } >"$scratch/given/capture.log"

commit=$("$build/bin/aiotctl" --version | sed -n 's/^Commit: //p')
cat >"$scratch/given/use.sh" <<'USE'
# use.sh FILES COMMIT: `aiotctl` is on the PATH.
set -eux
cd "$1"
aiotctl --version >version
grep -q "^Commit: $2" version && grep -q '^Licence: Apache-2.0' version
aiotctl discover --pcap capture.log --json | grep -q '"schema":"aiot.discover/1".*"ok":true.*"addresses":\["ble:'
aiotctl flash image app.bin | grep -q "chip *esp32c3"
mkfifo ready
aiotctl sim esp32c3 --port pty --profile fast >ready 2>sim.log &
sim=$!
trap 'kill $sim' EXIT
exec 3<ready
read -r line <&3
address=$(echo "$line" | sed -E 's/.*"address":"([^"]*)".*/\1/')
aiotctl flash info "$address" --json | grep -q '"schema":"aiot.flash/1".*"ok":true.*"chip":"esp32c3"'
aiotctl flash write "$address" app.bin@0x10000
USE

stage "the archive"
mkdir "$scratch/elsewhere"
check "the archive unpacks" tar -xzf "$scratch"/made/aiotctl-*.tar.gz -C "$scratch/elsewhere" --strip-components=1
check "the one-file program works" env -i PATH="$scratch/elsewhere/bin:/usr/bin:/bin" HOME="$scratch" \
  sh "$scratch/given/use.sh" "$scratch/given" "$commit"
for file in share/man/man1/aiotctl.1 share/aiotctl/schemas/aiot.flash.1.json share/doc/aiotctl/LICENSE \
  share/bash-completion/completions/aiotctl lib/udev/rules.d/60-aiotctl.rules; do
  check "the archive has $file" test -s "$scratch/elsewhere/$file"
done
check "it has the licences of the libraries inside" \
  test "$(find "$scratch/elsewhere/share/doc/aiotctl/licences" -type f -size +0 | wc -l)" = 10
check "it is stripped" sh -c "! readelf -SW '$scratch/elsewhere/bin/aiotctl' | grep -q '[.]symtab'"

# A clean Debian with what the packages need. It is kept for the next run when nothing of the packages is left in it.
cannot() {
  echo "SKIP: packages are not installed in a clean Debian: $*"
  exit "$failed"
}
((EUID == 0)) || cannot "debootstrap needs root"
PATH=$PATH:/usr/sbin:/sbin
command -v debootstrap >/dev/null || cannot "debootstrap is not installed"
unshare --mount true 2>/dev/null || cannot "mounts are not allowed here"
release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
root=$build/clean-$release

# in_root COMMAND…: with /dev and /proc, in mounts that end with the command.
# shellcheck disable=SC2016  # the inner shell's
in_root() {
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive unshare --mount --propagation private \
    sh -c 'mount --rbind /dev "$1/dev" && mount -t proc proc "$1/proc" && root=$1 && shift && exec chroot "$root" "$@"' \
    sh "$root" "$@"
}
files_of_root() {
  (cd "$root" && find . -xdev \( -path ./dev -o -path ./proc -o -path ./var/cache -o -path ./var/lib/apt \
    -o -path ./var/lib/dpkg -o -path ./var/log -o -path ./tmp -o -path ./given -o -path ./etc/ld.so.cache \) -prune -o -print) | sort
}
mapfile -t needs < <(sed -n 's/^Depends: //p' "$scratch"/control/* | tr ',' '\n' | sed 's/([^)]*)//; s/|.*//; s/ //g' |
  grep -v libaiot | sort -u)
if [[ $(cat "$root.has" 2>/dev/null) != "${needs[*]}" ]]; then
  # shellcheck disable=SC2016  # apt's own
  mirror=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk -v release="$release" '$1 == release && $2 == "main" { print $3; exit }')
  [[ $mirror ]] || cannot "apt has no source for $release"
  rm -rf --one-file-system "$root"
  stage "debootstrap $release"
  # Its mounts end with it, also when it is killed.
  DPKG_FORCE=unsafe-io unshare --mount --propagation private \
    debootstrap --variant=minbase "$release" "$root" "$mirror" >"$scratch/out" 2>&1 ||
    cannot "debootstrap: $(tail -n 1 "$scratch/out")"
  stage "apt-get"
  in_root sh -c 'apt-get -qq update && apt-get -qq -o DPkg::Options::=--force-unsafe-io install --no-install-recommends "$@" &&
    apt-get clean' sh "${needs[@]}" >"$scratch/out" 2>&1 || cannot "apt-get: $(tail -n 1 "$scratch/out")"
fi
rm -rf "$root.has" "$root/given"
mkdir "$root/given"
cp "$scratch/given/"{app.bin,capture.log,use.sh} "${debs[@]}" "$root/given"
files_of_root >"$scratch/before"
stage "install"
check "the packages install with what they ask for" in_root sh -c 'dpkg -i /given/*.deb'
check "the tool works in a clean Debian" in_root sh /given/use.sh /given "$commit"
check "every shared library of it is found" \
  in_root sh -c '! ldd /usr/bin/aiotctl | grep "not found"'
for file in man/man1/aiotctl.1.gz man/man7/aiotctl-json.7.gz bash-completion/completions/aiotctl \
  zsh/vendor-completions/_aiotctl fish/vendor_completions.d/aiotctl.fish aiotctl/schemas/aiot.flash.1.json \
  doc/libaiot-dev/README.md; do
  check "$file is installed" test -s "$root/usr/share/$file"
done
check "the units and the rules are installed" test -s "$root/usr/lib/systemd/system/aiotctl-ota-serve.socket" -a \
  -s "$root/usr/lib/udev/rules.d/60-aiotctl.rules"

stage "develop"
PKG_CONFIG_LIBDIR=$(dirname "$(find "$root/usr/lib" -name aiot.pc)")
export PKG_CONFIG_LIBDIR
read -ra flags < <(pkg-config --cflags --libs aiot)
check "a program builds against the installed libaiot-dev" "$cxx" -std=c++20 "$source/examples/library/main.cpp" \
  -o "$root/given/example" "${flags[@]}" -Wl,--unresolved-symbols=ignore-in-shared-libs
check "and runs there" in_root sh -c '/given/example /given/app.bin | grep -q "app.bin: [0-9]* bytes, esp32c3, 0 problems"'

stage "remove"
check "a unit is enabled" in_root sh -c 'DPKG_MAINTSCRIPT_PACKAGE=aiotctl deb-systemd-helper enable aiotctl-ota-serve.socket &&
  test -L /etc/systemd/system/sockets.target.wants/aiotctl-ota-serve.socket'
check "the packages are removed" in_root dpkg --purge aiotctl libaiot-dev libaiot0
files_of_root >"$scratch/after"
check "nothing of them is left" diff "$scratch/before" "$scratch/after"
check "dpkg knows none of them" in_root sh -c '! dpkg-query -W aiotctl libaiot0 libaiot-dev 2>/dev/null'
stage "done"
((failed)) || echo "${needs[*]}" >"$root.has"
exit "$failed"
