#!/bin/sh
# The committed completions, schemas and option lists are what the option data gives now.
# usage: fresh_test.sh GENERATOR SOURCE SCRATCH
set -eu
generator=$1 source=$2 scratch=$3
rm -rf "$scratch"
mkdir -p "$scratch"
"$generator" "$source" "$scratch"
stale=0
(cd "$scratch" && find . -type f) | sort | while read -r file; do
  cmp -s "$scratch/$file" "$source/$file" || { echo "not fresh: $file (ninja generate)"; exit 1; }
done || stale=1
for file in "$source"/cli/schema/*.json; do
  [ -e "$scratch/cli/schema/${file##*/}" ] || { echo "of no schema: $file"; stale=1; }
done
exit $stale
