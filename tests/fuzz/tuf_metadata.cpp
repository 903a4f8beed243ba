// TUF metadata: what parses is written and read again as the same, and signs as the same bytes.
#include <cstdlib>

#include "protocol/tuf/artifact.hpp"
#include "protocol/tuf/canonical.hpp"
#include "protocol/tuf/metadata.hpp"

using namespace aiot;
using namespace aiot::tuf;

namespace {

template <class T>
void check(const Document& document, Result<T> (*parse)(const Document&)) {
  const auto first = parse(document);
  if (!first) return;
  Document again;
  again.signed_part = to_json(*first);
  const auto second = parse(again);
  if (!second || *canonical(to_json(*second)) != *canonical(again.signed_part)) std::abort();
  if constexpr (std::is_same_v<T, Targets>) {
    for (const auto& [path, target] : first->targets) {
      if (path.starts_with('/') || path.find("../") == 0) std::abort();
      if (const auto artifact = read_custom(target.custom)) {
        if (!read_custom(to_custom(*artifact))) std::abort();
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = parse_document({data, size});
  if (!document) return 0;
  check(*document, parse_root);
  check(*document, parse_targets);
  check(*document, parse_snapshot);
  check(*document, parse_timestamp);
  const auto root = parse_root(*document);
  if (!root) return 0;
  for (const Role role : all_roles) {
    const auto verified = verify_signatures(*document, root->keys, root->role(role));
    if (verified && document->signatures.size() < root->role(role).threshold) std::abort();
  }
  return 0;
}
