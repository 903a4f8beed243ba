#include "job/pair/protocol.hpp"

namespace aiot::pair {
namespace {

/// One row for each: NAME, what it pairs, which targets it takes, whether it needs Wi-Fi
/// credentials, its session.
const std::vector<Protocol>& table() {
  static const std::vector<Protocol> rows = {};
  return rows;
}

}  // namespace

std::span<const Protocol> protocols() { return table(); }

}  // namespace aiot::pair
