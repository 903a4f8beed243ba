#!/usr/bin/env bash
# From a fresh Debian 12 to flashed devices: installs what is missing (as root or with sudo) and builds
# aiotctl. Quiet unless something fails; the last line says what happened.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
# shellcheck source=tests/setup.sh
source tests/setup.sh

install_packages base
install_npm || echo "No flasher stubs: npm could not bring them. The slower ROM loader is used."
stage "configure" cmake --preset release "$(stub_option)"
stage "build" cmake --build --preset release
echo "aiotctl is built in build/release/bin."
