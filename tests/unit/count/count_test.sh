#!/usr/bin/env bash
# Holds tests/count.awk to a log that has every way a test can end.
set -euo pipefail
cd "$(dirname "$0")/../.."
diff - <(awk -f count.awk <<'LOG' | sort
test 1
1: [doctest] test cases:  16 |  14 passed | 2 failed | 0 skipped
1/5 Test #1: core .............................***Failed    0.01 sec
2: SKIP: set AIOT_TEST_DATA
2: SKIP: set AIOT_TEST_DATA
2: [doctest] test cases:  16 |  16 passed | 0 failed | 0 skipped
2/5 Test  #2: image ............................   Passed    0.01 sec
3: SKIP: no node
 3/5 Test  #3: peer.sh ............................   Passed    0.01 sec
4/5 Test  #4: crash .............................***Exception: SegFault  0.01 sec
5: [doctest] test cases:  3 |  3 passed | 0 failed | 0 skipped
5/5 Test  #5: leak .............................***Failed    0.01 sec
6/6 Test  #6: s .............................***Skipped    0.01 sec
LOG
) <<'EXPECTED'
31 4 4
F core
F crash
F leak
S no node
S s was skipped by CTest
S set AIOT_TEST_DATA
EXPECTED
