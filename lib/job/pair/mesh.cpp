#include "job/pair/mesh.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <boost/json.hpp>

#include "core/file.hpp"
#include "crypto/random.hpp"
#include "dbus/mesh.hpp"
#include "job/pair/state_file.hpp"
#include "protocol/alibaba/genie.hpp"

// Bluetooth mesh: this host is a node of a network of its own, in BlueZ's bluetooth-meshd.
namespace aiot::pair {
namespace {

using mesh_daemon::Uuid;
using provisioning::Errc;
using std::chrono::seconds;

constexpr seconds attach_time{15};
constexpr seconds mesh_find_time{20};
constexpr seconds add_time{70};  ///< the daemon gives up after 60
constexpr seconds silence_time{25};
constexpr std::uint64_t most_state_bytes = 4096;

std::optional<Uuid> uuid_of(const Target& target) {
  std::string digits = target.address.path;
  std::erase(digits, '-');
  const auto bytes = from_hex(digits);
  if (!bytes || bytes->size() != std::tuple_size_v<Uuid>) return std::nullopt;
  Uuid out{};
  std::ranges::copy(*bytes, out.begin());
  return out;
}

/// A device of Tmall Genie has a secret; others have 16 bytes, in hexadecimal digits.
Result<std::optional<Uuid>> static_oob_of(const Secrets& secrets, const Uuid& uuid) {
  std::optional<Uuid> out;
  if (secrets.proof.empty()) return out;
  if (const auto genie = alibaba::parse_genie_uuid(uuid)) {
    out = alibaba::genie_static_oob(genie->product_id, genie->mac, secrets.proof);
    return out;
  }
  const auto bytes = from_hex(secrets.proof);
  if (!bytes || bytes->size() != std::tuple_size_v<Uuid>) {
    return make_error(Errc::missing_secret, "the proof is no static OOB value",
                      "give 32 hexadecimal digits");
  }
  out.emplace();
  std::ranges::copy(*bytes, out->begin());
  return out;
}

/// The token of this host's network, in a file that its owner alone may read.
Result<mesh_daemon::Network> read_network(const std::string& path) {
  mesh_daemon::Network out;
  const file::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.is_open()) {
    if (errno == ENOENT) return out;
    return state_file_error(file::last_error(), path);
  }
  const auto bytes = file::read_all(file.get(), most_state_bytes);
  if (!bytes) return state_file_error(bytes.error(), path);
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(to_string(*bytes), error);
  const auto number = [&](const char* name) {
    const boost::json::value* field =
        value.is_object() ? value.as_object().if_contains(name) : nullptr;
    boost::system::error_code wrong;
    return field == nullptr ? 0U : field->to_number<std::uint64_t>(wrong);
  };
  constexpr std::uint64_t last_unicast = 0x7FFF;
  const std::uint64_t next = error ? 0 : number("next_address");
  if (next == 0 || next > last_unicast) {
    return Error(make_error_code(boost::system::errc::bad_message),
                 "the record of this host's mesh network in " + path,
                 "restore the file; without it, this host makes another network");
  }
  out.token = number("token");
  out.next_address = static_cast<std::uint16_t>(next);
  return out;
}

Result<void> write_network(const std::string& path, const mesh_daemon::Network& network) {
  return write_state_file(
      path, boost::json::object{{"token", network.token}, {"next_address", network.next_address}});
}

/// The cause for a device that the daemon did not add. The daemon gives one reason for a silent
/// device, for one that breaks off, and for one that violates the protocol; the steps before the
/// failure distinguish them.
Error cause_of(Error error, bool used_oob, bool authenticated, net::Duration took) {
  if (error.code == net::Errc::timed_out) error.code = make_error_code(Errc::no_reply);
  if (error.code != mesh_daemon::Errc::not_added) return error;
  const std::string why = error.peer_text;
  const bool broke_off = why == "bad-pdu" && !authenticated && took < silence_time;
  if (why == "confirmation-failed" || (broke_off && used_oob)) {
    return make_error(Errc::wrong_proof, "the static OOB value",
                      "compare the proof with the device's label");
  }
  if (broke_off) {
    return make_error(Errc::device_refused, "it breaks off",
                      "it may require a static OOB value: give that as its proof");
  }
  const bool silent = why == "timeout" || (why == "bad-pdu" && took >= silence_time);
  error.code = make_error_code(silent             ? Errc::no_reply
                               : why == "bad-pdu" ? Errc::protocol_violated
                                                  : Errc::device_refused);
  return error;
}

}  // namespace

bool takes_mesh(const Target& target) {
  return target.address.scheme == "mesh" && uuid_of(target).has_value();
}

net::Task<void> pair_mesh(Attempt& attempt) {
  net::Clock& clock = attempt.run.clock();
  const Uuid uuid = *uuid_of(attempt.target);
  attempt.result.id = to_hex(uuid);
  AIOT_CO_CHECK(attempt.run.identify("mesh " + attempt.result.id));
  AIOT_CO_TRY(const std::optional<Uuid> oob, static_oob_of(attempt.target.secrets, uuid));
  const std::string path = state_file_path("mesh-network.json");
  AIOT_CO_TRY(const mesh_daemon::Network known, read_network(path));
  AIOT_CO_TRY(dbus::Bus bus, dbus::Bus::open(co_await net::asio::this_coro::executor, {}));
  const Uuid own = crypto::random_uuid();
  Result<std::unique_ptr<mesh_daemon::Provisioner>> node =
      co_await mesh_daemon::Provisioner::attach(bus, known, own, clock.now() + attach_time);
  if (!node) co_return std::move(node).error();
  // At once: without the token the network is lost.
  if ((*node)->network().token != known.token) {
    AIOT_CO_CHECK(write_network(path, (*node)->network()));
  }
  Result<void> found = co_await (*node)->find(uuid, clock.now() + mesh_find_time);
  if (!found && found.error().code == net::Errc::timed_out) {
    co_return make_error(Errc::not_found, "no beacon of this UUID",
                         "bring the device into its pairing mode, and closer to this host");
  }
  if (!found) co_return found;
  attempt.flow.reached(Stage::found);
  mesh_daemon::Helper helper;
  helper.static_oob = oob;
  bool authenticated = false;
  helper.authenticated = [&attempt, &authenticated] {
    if (std::exchange(authenticated, true)) return;
    attempt.flow.reached(Stage::authenticated);
  };
  const net::TimePoint begin = clock.now();
  Result<std::uint16_t> added =
      co_await (*node)->add(uuid, std::move(helper), clock.now() + add_time);
  if (!added) {
    co_return cause_of(std::move(added).error(), (*node)->used_oob(), authenticated,
                       clock.now() - begin);
  }
  AIOT_CO_CHECK(write_network(path, (*node)->network()));
  attempt.flow.log(fmt::format("its first element has the address {:04x}", *added));
  attempt.flow.reached(Stage::joined);
  co_return Result<void>();
}

}  // namespace aiot::pair
