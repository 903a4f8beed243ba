#!/usr/bin/env bash
# startup.sh PROGRAM [RUNS]: how much longer `PROGRAM --version` takes than /bin/true, median of RUNS.
# Goal: within 5 ms.
set -euo pipefail
export LC_ALL=C
program=$1 runs=${2:-200}

median_us() {  # median_us COMMAND…
  local i start end
  for ((i = 0; i < runs; i++)); do
    start=$EPOCHREALTIME
    "$@" >/dev/null
    end=$EPOCHREALTIME
    echo $((${end/./} - ${start/./}))
  done | sort -n | sed -n "$((runs / 2 + 1))p"
}

median_us /bin/true >/dev/null  # warms the page cache
median_us "$program" --version >/dev/null
nothing=$(median_us /bin/true)
version=$(median_us "$program" --version)
echo "/bin/true $nothing us, --version $version us, difference $((version - nothing)) us (goal 5000)"
