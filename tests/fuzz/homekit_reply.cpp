// What accessories answer to a controller. The first byte says whether it pairs or verifies, and
// whether the rest is bytes of the connection or bodies of messages, each behind its length (2).
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>

#include "given_link.hpp"
#include "net/http_message.hpp"
#include "protocol/homekit/controller.hpp"

using namespace aiot;
using namespace aiot::homekit;

namespace {

struct NoFlow final : provisioning::Flow {
  void reached(provisioning::Stage) override {}
  void log(std::string) override {}
};

Bytes in_http(ByteSpan bytes) {
  Bytes out;
  while (bytes.size() >= 2) {
    const std::size_t length = std::min<std::size_t>(load_le16(bytes.data()), bytes.size() - 2);
    net::HttpMessage response = net::http_response(200);
    response.body.assign(bytes.begin() + 2,
                         bytes.begin() + 2 + static_cast<std::ptrdiff_t>(length));
    append(out, net::write_http(response));
    bytes = bytes.subspan(2 + length);
  }
  return out;
}

net::asio::awaitable<void> talk(Controller& controller, bool verify, Pairing& pairing) {
  NoFlow flow;
  Result<void> done;
  if (verify) {
    const Bytes secret(32, 5);
    done = co_await controller.pair_verify(pairing, secret);
    if (done) done = co_await controller.remove_pairing("x");
  } else {
    const Bytes secret(32, 9);
    done = co_await controller.pair_setup("031-45-154", secret, pairing, flow);
  }
  if (done) std::abort();  // nobody has the keys
  Result<std::vector<std::string>> listed = co_await controller.list_pairings();
  static_cast<void>(listed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteSpan bytes(data + 1, std::min<std::size_t>(size - 1, 32 * 1024));
  net::GivenLink link(data[0] & 2 ? in_http(bytes) : Bytes(bytes.begin(), bytes.end()));
  Controller controller(link, "lamp:1");
  Pairing pairing{{"controller", Bytes(32, 3)}, "accessory", Bytes(32, 4)};
  net::asio::io_context context;
  net::asio::co_spawn(
      context, [&] { return talk(controller, (data[0] & 1) != 0, pairing); }, net::asio::detached);
  context.run();
  return 0;
}
