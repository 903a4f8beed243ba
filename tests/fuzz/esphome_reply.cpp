// What a device answers to an update by ESPHome's protocol: nothing ends in success but the
// device's last word.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>

#include "given_link.hpp"
#include "protocol/esphome_ota/session.hpp"

using namespace aiot;

namespace {

net::asio::awaitable<void> talk(net::Link& link, ByteSpan bytes, const esphome::Update& what) {
  const Result<std::uint64_t> sent = co_await esphome::update(link, what);
  const bool done =
      std::ranges::find(bytes, static_cast<std::uint8_t>(esphome::Reply::done)) != bytes.end();
  if (sent && !done) std::abort();
}

Bytes sevens(std::size_t count) { return Bytes(count, 7); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes(data, std::min<std::size_t>(size, 4096));
  net::GivenLink link(Bytes(bytes.begin(), bytes.end()));
  const Bytes firmware(3 * esphome::block_bytes / 2, 0xE9);
  esphome::Update what;
  what.firmware = firmware;
  what.password = "secret";
  what.random = sevens;
  net::asio::io_context context;
  net::asio::co_spawn(context, talk(link, bytes, what), net::asio::detached);
  context.run();
  return 0;
}
