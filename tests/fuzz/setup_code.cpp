// Setup codes of every kind, as scanned or typed.
#include <cstdlib>

#include "protocol/setup_code/code.hpp"

using namespace aiot;
using namespace aiot::setup_code;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = to_string(ByteSpan(data, size));
  const Result<Code> code = parse(text);
  if (!code) return 0;
  // What is a code is recognised as one, so that it is never shown as an address.
  if (!looks_like_code(text)) std::abort();
  const pair::Secrets secrets = secrets_of(*code);
  if (const auto* homekit = std::get_if<HomeKit>(&*code)) {
    // The digits alone are the same code.
    const Result<Code> typed = parse(homekit->code);
    if (!typed || secrets_of(*typed).proof != secrets.proof) std::abort();
  }
  if (label(*code).size() > max_code_bytes) std::abort();
  return 0;
}
