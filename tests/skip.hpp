#pragma once

#include <cstdio>
#include <string>

/// Leaves the test case when what it needs is not on this machine. tests/run.sh counts the lines
/// that start with "SKIP: " and lists them, so the reason should say what to install or set.
/// Other test programs (shell, node) print the same line and exit 0.
#define AIOT_SKIP(reason)                                                \
  do {                                                                   \
    std::printf("SKIP: %s\n", std::string(reason).c_str()); /* NOLINT */ \
    std::fflush(stdout);                                                 \
    return;                                                              \
  } while (false)
