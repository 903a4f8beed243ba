#!/bin/sh
# language_test.sh SOURCE: no file of a clean area contains a phrase of phrases.txt or a name of names.txt.
# An area is a path; the longest that matches a file applies. Areas that are not clean yet are counted: move
# one to `clean` when its count is 0. `language_test.sh SOURCE AREA` lists the hits of one area.
set -u
here=$(dirname "$0")
cd "$1" || exit 2

clean='
README.md
CONTRIBUTING.md
CMakeLists.txt
cmake
packaging
cli
examples
lib
man
'
pending='
tests
'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for list in phrases names; do
  sed -n '/^[^#]/s/	.*//p' "$here/$list.txt" >"$work/$list"
done
# shellcheck disable=SC2086
find $clean $pending -name node_modules -prune -o -type f ! -path 'tests/language/*' -print >"$work/files" 2>/dev/null
{
  xargs -r grep -HnIiE -f "$work/phrases" <"$work/files"
  grep -E '\.[ch]pp$' "$work/files" | xargs -r grep -HnIE -f "$work/names"
} | sort -t: -k1,1 -k2,2n -u >"$work/hits"

if [ $# -gt 1 ]; then
  grep "^$2[/:]" "$work/hits"
  exit 0
fi
awk -F: -v clean="$clean" -v pending="$pending" '
  function area(path,   best, i) {
    best = ""
    for (i = 1; i <= n; i++)
      if ((path == all[i] || index(path, all[i] "/") == 1) && length(all[i]) > length(best)) best = all[i]
    return best
  }
  BEGIN {
    c = split(clean, part, "\n")
    for (i = 1; i <= c; i++) if (part[i] != "") { all[++n] = part[i]; is_clean[part[i]] = 1 }
    c = split(pending, part, "\n")
    for (i = 1; i <= c; i++) if (part[i] != "") all[++n] = part[i]
  }
  { a = area($1); if (a in is_clean) { print; failed++ } else count[a]++ }
  END {
    for (i = 1; i <= n; i++) if (count[all[i]]) printf "%s: %d hits, not clean yet\n", all[i], count[all[i]]
    if (failed) printf "%d hits in clean areas; tests/language has what to write instead\n", failed
    exit failed > 0
  }' "$work/hits" || exit 1
