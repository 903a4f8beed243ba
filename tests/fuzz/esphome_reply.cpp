// What a device answers to an update by ESPHome's protocol: nothing ends in success but the
// device's last word.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>

#include "given_link.hpp"
#include "protocol/esphome_ota/session.hpp"

using namespace aiot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes(data, std::min<std::size_t>(size, 4096));
  net::GivenLink link(Bytes(bytes.begin(), bytes.end()));
  const Bytes firmware(3 * esphome::block_bytes / 2, 0xE9);
  esphome::Update what;
  what.firmware = firmware;
  what.password = "secret";
  what.random = [](std::size_t count) { return Bytes(count, 7); };
  const auto talk = [&]() -> net::asio::awaitable<void> {
    const Result<std::uint64_t> sent = co_await esphome::update(link, what);
    const auto has = [&](esphome::Reply reply) {
      return std::ranges::find(bytes, static_cast<std::uint8_t>(reply)) != bytes.end();
    };
    if (sent && !has(esphome::Reply::done)) std::abort();
  };
  net::asio::io_context context;
  net::asio::co_spawn(context, talk, net::asio::detached);
  context.run();
  return 0;
}
