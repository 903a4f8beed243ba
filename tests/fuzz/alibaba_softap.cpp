// Alibaba's access point: what it takes and what it answers.
#include <cstdlib>

#include "protocol/alibaba/genie.hpp"
#include "protocol/alibaba/softap.hpp"

using namespace aiot;
using namespace aiot::alibaba;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes(data, std::min<std::size_t>(size, 2000));
  const std::string text = to_string(bytes);
  parse_switch_reply(text).has_value();
  parse_errcode(text).has_value();
  parse_genie_uuid(bytes);
  const Nonce nonce{"00112233445566778899aabbccddeeff"};
  open_password(text, nonce, "");
  const std::string password = text.substr(0, std::min<std::size_t>(text.find('\0'), 64));
  if (open_password(seal_password(password, nonce, "s"), nonce, "s") != password) std::abort();

  SoftApDevice device(SoftApOptions{});
  const auto reply = device.answer(switch_path, text);
  if (!reply) std::abort();
  parse_switch_reply(*reply).has_value();
  device.try_to_join();
  device.answer(info_path, text);
  device.answer(errcode_path, text);
  return 0;
}
