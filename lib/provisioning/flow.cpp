#include "provisioning/flow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace aiot::provisioning {
namespace {

struct FaultName {
  std::string_view name;
  FaultKind kind;
  bool has_stage;  ///< the step at which it happens can be chosen
};
constexpr std::array<FaultName, 8> fault_names = {{
    {"wrong-state", FaultKind::wrong_state, false},
    {"silent", FaultKind::silent, true},
    {"drop", FaultKind::drop, true},
    {"garbage", FaultKind::garbage, true},
    {"refuse-password", FaultKind::refuse_password, false},
    {"no-network", FaultKind::no_network, false},
    {"no-address", FaultKind::no_address, false},
    {"vanish", FaultKind::vanish, false},
}};

Error bad_fault(std::string_view text) {
  return Error(make_error_code(Errc::bad_fault), std::string(text), fault_grammar());
}

}  // namespace

Result<Fault> parse_fault(std::string_view text) {
  const std::size_t at = text.find('@');
  const std::string_view name = text.substr(0, at);
  const auto* known = std::ranges::find(fault_names, name, &FaultName::name);
  if (known == fault_names.end()) return bad_fault(text);
  Fault fault{known->kind, Stage::authenticated};
  if (at == std::string_view::npos) return fault;
  const auto stage = std::ranges::find(pair::stage_names, text.substr(at + 1));
  if (!known->has_stage || stage == pair::stage_names.end()) return bad_fault(text);
  fault.stage = static_cast<Stage>(stage - pair::stage_names.begin());
  return fault;
}

std::string fault_grammar() {
  std::string with_stage;
  std::string without;
  for (const FaultName& fault : fault_names) {
    std::string& list = fault.has_stage ? with_stage : without;
    list += fmt::format("{}{}", list.empty() ? "" : ", ", fault.name);
  }
  return fmt::format("use {}; or {} with @STAGE: {}", without, with_stage,
                     fmt::join(pair::stage_names, ", "));
}

bool has_fault(std::span<const Fault> faults, FaultKind kind) {
  return std::ranges::find(faults, kind, &Fault::kind) != faults.end();
}

bool has_fault(std::span<const Fault> faults, FaultKind kind, Stage stage) {
  return std::ranges::any_of(
      faults, [&](const Fault& fault) { return fault.kind == kind && fault.stage == stage; });
}

}  // namespace aiot::provisioning
