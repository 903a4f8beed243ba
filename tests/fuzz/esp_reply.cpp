// Replies and requests of the ESP loaders, and stub files. The first byte is the expected body.
#include <cstdlib>

#include "protocol/esp/codec.hpp"
#include "protocol/esp/stub.hpp"

using namespace aiot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteSpan frame(data + 1, size - 1);
  if (const Result<esp::Reply> reply = esp::decode_reply(frame)) {
    if (const Result<ByteSpan> body = esp::check_status(*reply, data[0])) {
      if (body->size() != data[0]) std::abort();
    }
  }
  if (const Result<esp::Request> request = esp::decode_request(frame)) {
    if (request->data.size() > frame.size()) std::abort();
  }
  const std::string text = to_string(frame);
  if (const Result<esp::Stub> stub = esp::parse_stub(*esp::chip_by_name("esp32"), text)) {
    if (stub->text.empty()) std::abort();
  }
  return 0;
}
