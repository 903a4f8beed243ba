#include "protocol/homekit/accessory.hpp"
#include "protocol/homekit/controller.hpp"
#include "provisioning/error.hpp"
#include "show.hpp"
#include "support/memory_link.hpp"

using namespace aiot;
using namespace aiot::homekit;
using provisioning::Errc;
using provisioning::Stage;

namespace {

struct Room {
  explicit Room(AccessoryOptions options = AccessoryOptions()) : accessory(std::move(options)) {}
  net::asio::io_context context;
  net::VirtualClock clock;
  Accessory accessory;
  Stages stages;
  Pairing pairing{controller_identity(), "", {}, false};

  /// A session on a connection of its own.
  template <class Work>
  Result<void> session(Work work) {
    AccessoryConnection connection(accessory);
    net::MemoryLink link(clock, connection);
    Controller controller(link, "lamp:1");
    return clock.run(context, [&]() -> net::Task<void> {
      Result<void> done = co_await work(controller);
      co_return done;
    });
  }

  Result<void> pair(std::string code = "031-45-154") {
    return session([&](Controller& controller) {
      return controller.pair_setup(code, crypto::random_bytes(32), pairing, stages);
    });
  }
  Result<void> verify() {
    return session([&](Controller& controller) {
      return controller.pair_verify(pairing, crypto::random_bytes(32));
    });
  }
};

net::Task<void> use(Controller& controller, const Pairing& pairing) {
  const Bytes secret = crypto::random_bytes(32);
  AIOT_CO_CHECK(co_await controller.pair_verify(pairing, secret));
  AIOT_CO_TRY(const AccessoryInfo info, co_await controller.read_info());
  CHECK(info.name == "Virtual lamp");
  CHECK(info.manufacturer == "Example");
  CHECK(info.model == "VL-1");
  CHECK(info.firmware == "1.0.0");
  AIOT_CO_TRY(const std::vector<std::string> all, co_await controller.list_pairings());
  CHECK(all == std::vector{std::string(vectors::controller_id)});
  Result<void> removed = co_await controller.remove_pairing(pairing.controller.id);
  co_return removed;
}

}  // namespace

TEST_CASE("both ends pair, verify, tell what they are, and part") {
  Room room;
  const Result<void> paired = room.pair();
  REQUIRE_MESSAGE(paired, paired.error().message());
  CHECK(room.accessory.is_paired());
  CHECK(room.pairing.accessory_id == "1A:2B:3C:4D:5E:6F");
  const Result<void> used =
      room.session([&](Controller& controller) { return use(controller, room.pairing); });
  REQUIRE_MESSAGE(used, used.error().message());
  CHECK(!room.accessory.is_paired());
  CHECK(room.verify().error().code == Errc::device_refused);
}

TEST_CASE("a wrong code is reported as such, and stores nothing") {
  Room room;
  CHECK(room.pair("031-45-155").error().code == Errc::wrong_proof);
  CHECK(!room.accessory.is_paired());
  CHECK(!room.pairing.may_be_stored);
  CHECK(room.stages.reached_stages.empty());
}

TEST_CASE("a second controller is told that the accessory is paired") {
  Room room;
  REQUIRE(room.pair());
  CHECK(room.pair().error().code == Errc::already_paired);
}

TEST_CASE("an accessory that stores no pairing says so") {
  AccessoryOptions full;
  full.most_pairings = 0;
  Room room(full);
  const Result<void> paired = room.pair();
  CHECK(paired.error().code == Errc::device_refused);
  CHECK(!room.accessory.is_paired());
}

TEST_CASE("when the answer to the last message is lost, the pairing can still be removed") {
  AccessoryOptions faulty;
  faulty.faults = {{provisioning::FaultKind::drop, Stage::joined}};
  Room room(faulty);
  CHECK(room.pair().error().code == Errc::link_lost);
  CHECK(room.accessory.is_paired());
  CHECK(room.pairing.may_be_stored);
  CHECK(room.pairing.accessory_key.empty());
  const Result<void> used =
      room.session([&](Controller& controller) { return use(controller, room.pairing); });
  CHECK_MESSAGE(used, used.error().message());
  CHECK(!room.accessory.is_paired());
}
