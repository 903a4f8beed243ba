// URLs of strangers: what is taken cannot break a request apart.
#include <algorithm>
#include <cstdlib>

#include "net/http.hpp"

using namespace aiot;

namespace {

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c != '\x7F'; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto url = net::parse_http_url({reinterpret_cast<const char*>(data), size});
  if (!url) return 0;
  if (url->host.empty() || url->port == 0 || !url->target.starts_with('/')) std::abort();
  if (!is_plain(url->host) || !is_plain(url->target)) std::abort();
  return 0;
}
