# Sums what `ctest -V` wrote: doctest's cases where a program says them, else one for the program.
# Prints "passed failed skipped", then each reason for a skip after "S " and each failure after "F ".
# A line "SKIP: reason" from a program turns one of its passed cases into a skipped one.

function number_of(line) { sub(/:.*/, "", line); return line + 0 }

/^ *[0-9]+: SKIP: / {
  id = number_of($0)
  skips[id]++
  reason = $0
  sub(/^ *[0-9]+: SKIP: /, "", reason)
  reasons[reason] = 1
}
/^ *[0-9]+: \[doctest\] test cases: / {
  id = number_of($0)
  line = $0
  gsub(/[^0-9 ]/, " ", line)
  split(line, n, " +")
  first = n[1] == "" ? 2 : 1
  good[id] += n[first + 2]
  bad[id] += n[first + 3]
  counted[id] = 1
}
/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
  id = $0
  sub(/^[^#]*#/, "", id)
  id = id + 0
  name = $0
  sub(/^[^#]*#[0-9]+: /, "", name)
  sub(/ .*/, "", name)
  ended[id] = 1
  if (/\*\*\*Skipped/) {
    skipped++
    reasons[name " was skipped by CTest"] = !(id in skips)
  } else if (/ Passed +[0-9.]+ sec/) {
    if (!(id in counted)) good[id] = 1
    s = skips[id] < good[id] ? skips[id] : good[id]
    passed += good[id] - s
    failed += bad[id]
    skipped += s
  } else {
    passed += good[id]
    failed += bad[id] > 0 ? bad[id] : 1
    failures[name] = 1
  }
}
END {
  print passed + 0, failed + 0, skipped + 0
  for (reason in reasons) if (reasons[reason]) print "S " reason
  for (name in failures) print "F " name
}
