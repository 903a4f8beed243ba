#!/usr/bin/env bash
# commit_test.sh COMMIT_CMAKE: what cmake/commit.cmake finds in a work tree, a modified one, and a source archive.
set -euo pipefail
command -v git >/dev/null || { echo "SKIP: git is not installed"; exit 0; }
script=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
echo "include($script)
message(\"commit '\${AIOT_COMMIT}'\")" >"$tree/say.cmake"
failed=0
expect() {  # expect NAME FOLDER COMMIT
  local found
  found=$(cmake "-DPROJECT_SOURCE_DIR=$2" -P "$tree/say.cmake" 2>&1)
  [[ $found == "commit '$3'" ]] || { echo "FAILED: $1: $found, not '$3'"; failed=1; }
}

mkdir -p "$tree/outer/unpacked"
echo one >"$tree/outer/file"
expect "a source archive" "$tree/outer" ''
git -C "$tree/outer" init -q
git -C "$tree/outer" add file
git -C "$tree/outer" -c user.name=t -c user.email=t@t.example commit -qm one
git -C "$tree/outer" tag v1
commit=$(git -C "$tree/outer" rev-parse --short=12 HEAD)
expect "a work tree" "$tree/outer" "$commit"
expect "a source archive inside another project's work tree" "$tree/outer/unpacked" ''
echo two >"$tree/outer/file"
expect "a modified work tree" "$tree/outer" "$commit-modified"
exit "$failed"
