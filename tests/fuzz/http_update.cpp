// Answers to an upload, the version in a page, and a form as a device gets it.
#include <cstdlib>

#include "protocol/http_update/device.hpp"

using namespace aiot;
using namespace aiot::http_update;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes(data, size);
  net::HttpMessage answer = net::http_response(size == 0 ? 200 : 200 + data[0]);
  answer.body.assign(bytes.begin(), bytes.end());
  for (const Flavour& flavour : flavours()) {
    const Result<void> evaluated = evaluate(flavour, answer);
    if (!evaluated && evaluated.error().peer_text.size() > 256) std::abort();
    if (version_in(flavour, to_string(bytes)).size() > 256) std::abort();
  }
  DeviceOptions options;
  options.flavour = &flavours()[0];
  options.partition_bytes = 4096;
  options.read_version = [](ByteSpan file) { return std::string(file.empty() ? "" : "2"); };
  Device device(options);
  device.on_connect();
  device.on_bytes(bytes);
  return 0;
}
