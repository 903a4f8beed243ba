#include "sim/provision/kind.hpp"

#include "sim/provision/dpp.hpp"

namespace aiot::sim::provision {
namespace {

/// One row for each: NAME, what it is, what makes it.
const std::vector<Kind>& table() {
  static const std::vector<Kind> rows = {
      {"dpp", "Wi-Fi Easy Connect over TCP, with a DPP: code", make_dpp},
  };
  return rows;
}

}  // namespace

std::span<const Kind> kinds() { return table(); }

}  // namespace aiot::sim::provision
