#include "render/exit.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace aiot::cli::render {
namespace {

constexpr std::array<ExitMeaning, 15> meanings = {{
    {0, "success"},
    {1, "internal error: a bug, please report it"},
    {2, "usage: the command line is invalid"},
    {3, "an input file or the configuration is invalid"},
    {4, "no matching device"},
    {5, "a port, file or disk could not be used: busy, no permission, full"},
    {6, "timed out, or the link was lost"},
    {7, "authentication, key or signature refused; a security setting forbids it"},
    {8, "the device refused, or broke the protocol"},
    {9, "verification mismatch, or a limit failed"},
    {10, "partial: some devices failed, others did not"},
    {11, "confirmation needed, and neither given nor --yes"},
    {12, "the device is done, but its record could not be stored"},
    {130, "stopped by SIGINT (Ctrl-C)"},
    {143, "stopped by SIGTERM"},
}};

}  // namespace

std::size_t failed_devices(const Outcome& outcome) {
  std::set<std::string_view> names;
  std::size_t unnamed = 0;
  for (const Failure& failure : outcome.failures) {
    if (failure.device.empty()) {
      ++unnamed;
    } else {
      names.insert(failure.device);
    }
  }
  return names.size() + unnamed;
}

int exit_code(Condition condition) {
  switch (condition) {
    case Condition::internal: return 1;
    case Condition::usage: return 2;
    case Condition::invalid_input: return 3;
    case Condition::no_match: return 4;
    case Condition::resource: return 5;
    case Condition::timeout: return 6;
    case Condition::refused_security: return 7;
    case Condition::protocol: return 8;
    case Condition::mismatch: return 9;
    case Condition::partial: return 10;
    case Condition::confirmation: return 11;
    case Condition::not_recorded: return 12;
    case Condition::cancelled: return 130;
  }
  return 1;
}

int exit_code(const Outcome& outcome, int signal_exit) {
  if (signal_exit != 0 && outcome.ended_by_signal_is_success && outcome.failures.empty()) return 0;
  if (outcome.failures.empty()) return 0;
  const auto condition = [](const Failure& f) { return f.error.condition(); };
  const Condition first = condition(outcome.failures.front());
  const bool cancelled =
      std::any_of(outcome.failures.begin(), outcome.failures.end(),
                  [&](const Failure& f) { return condition(f) == Condition::cancelled; });
  if (signal_exit != 0 && cancelled) return signal_exit;
  const std::size_t failed = failed_devices(outcome);
  if (failed < outcome.devices && !outcome.failures_decide) {
    return exit_code(Condition::partial);
  }
  // Of one device alone nothing is partial: the first is what it is about.
  if (failed == 1) return exit_code(first);
  const bool alike = std::all_of(outcome.failures.begin(), outcome.failures.end(),
                                 [&](const Failure& f) { return condition(f) == first; });
  return exit_code(alike ? first : Condition::partial);
}

std::span<const ExitMeaning> exit_meanings() { return meanings; }

}  // namespace aiot::cli::render
