#include "job/pair/homekit.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <functional>
#include <optional>

#include "core/file.hpp"
#include "crypto/random.hpp"
#include "job/pair/key_file.hpp"
#include "net/interfaces.hpp"
#include "net/link.hpp"
#include "net/tcp_link.hpp"
#include "protocol/dnssd/search.hpp"
#include "protocol/homekit/controller.hpp"
#include "protocol/setup_code/code.hpp"

namespace aiot::pair {
namespace {

using provisioning::Errc;

constexpr std::chrono::seconds accessory_search_time{10};
constexpr std::chrono::seconds accessory_connect_time{5};
/// For each message of the clean-up, which a user may be waiting for.
constexpr std::chrono::seconds accessory_clean_up_patience{3};

/// Looks on every link for the accessory that a label names by its setup id.
class AccessorySearch final : public dnssd::Search {
 public:
  AccessorySearch(std::shared_ptr<dnssd::Links> links, std::string setup_id, net::TimePoint now)
      : Search(std::move(links), {dnssd::Name("_hap._tcp.local")}, now),
        setup_id_(std::move(setup_id)) {}

  /// Called once.
  void on_found(std::function<void(Address)> found) { found_ = std::move(found); }

 private:
  void found(dnssd::LinkId, dnssd::Service service) override {
    const auto text = [&](std::string_view key) {
      const auto at = std::ranges::find(service.attributes, key, &dnssd::Attribute::key);
      return at == service.attributes.end() ? std::string() : at->value.value_or("");
    };
    if (!found_ || service.addresses.empty() || service.port == 0 ||
        text("sh") != homekit::setup_hash(setup_id_, text("id")))
      return;
    Address address;
    address.scheme = "homekit";
    address.host = service.addresses.front().to_string();
    address.port = service.port;
    std::exchange(found_, nullptr)(std::move(address));
  }

  std::string setup_id_;
  std::function<void(Address)> found_;
};

net::Task<Address> find_accessory(std::string setup_id, net::Clock& clock) {
  const net::TimePoint now = clock.now();
  AIOT_CO_TRY(const std::vector<net::Interface> interfaces, net::list_interfaces());
  const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
  const auto links = dnssd::Links::open(executor, clock, interfaces);
  const auto search = std::make_shared<AccessorySearch>(links, std::move(setup_id), now);
  links->start(search);
  const auto begin = [search](std::function<void(Address)> found) {
    search->on_found(std::move(found));
  };
  const auto end = [search] { search->on_found(nullptr); };
  Result<std::tuple<Address>> found =
      co_await net::by_deadline<Address>(now + accessory_search_time, begin, end);
  links->close();
  if (found) co_return std::get<0>(*std::move(found));
  if (found.error().code != net::Errc::timed_out) co_return std::move(found).error();
  co_return make_error(Errc::not_found, "no accessory on the network has the setup id of the code",
                       "power the device on in this network, or give its address");
}

/// What controllers call themselves.
std::string random_uuid() {
  const std::string hex = to_hex(crypto::random_uuid());
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

/// What npm hap-controller takes as its long-term data.
std::string keys_in_json(const homekit::Pairing& pairing) {
  const crypto::Key25519 own_key = crypto::ed25519_public(pairing.controller.secret);
  return boost::json::serialize(boost::json::object{
             {"AccessoryPairingID", to_hex(as_bytes(pairing.accessory_id))},
             {"AccessoryLTPK", to_hex(pairing.accessory_key)},
             {"iOSDevicePairingID", to_hex(as_bytes(pairing.controller.id))},
             {"iOSDeviceLTSK", to_hex(pairing.controller.secret) + to_hex(own_key)},
             {"iOSDeviceLTPK", to_hex(own_key)}}) +
         "\n";
}

/// One accessory from its code to the removed, or stored, pairing.
class HomeKitRun {
 public:
  explicit HomeKitRun(Attempt& attempt)
      : attempt_(attempt),
        keys_(attempt.target, attempt.request),
        pairing_{{random_uuid(), crypto::random_bytes(32)}, {}, {}} {}

  net::Task<void> run() {
    Result<void> done = co_await work();
    // Also when the user has stopped it: nobody else has the keys.
    if (!done && pairing_.may_be_stored) {
      const bool removed = co_await clean_up();
      const bool stopped = done.error().condition() == Condition::cancelled;
      if (removed && proved_ && !part_ && !stopped) done = Result<void>();
    }
    if (link_ != nullptr) link_->close();
    co_return done;
  }

 private:
  net::Task<void> work() {
    AIOT_CO_CHECK(read_code());
    AIOT_CO_CHECK(prepare_file());
    AIOT_CO_CHECK(co_await find());
    AIOT_CO_CHECK(co_await connect());
    const Bytes srp_secret = crypto::random_bytes(32);
    AIOT_CO_CHECK(co_await controller_->pair_setup(code_, srp_secret, pairing_, attempt_.flow));
    attempt_.result.id = pairing_.accessory_id;
    AIOT_CO_CHECK(attempt_.run.identify(pairing_.accessory_id));
    attempt_.flow.begin(Stage::confirmed);
    AIOT_CO_CHECK(co_await begin_session(homekit::Controller::patience));
    attempt_.flow.reached(Stage::confirmed);
    AIOT_CO_CHECK(co_await read_info());
    if (part_) co_return store();
    proved_ = true;
    Result<void> removed = co_await controller_->remove_pairing(pairing_.controller.id);
    if (removed) pairing_.may_be_stored = false;
    co_return removed;
  }

  Result<void> read_code() {
    if (!attempt_.target.code.empty()) {
      AIOT_TRY(const setup_code::Code code, setup_code::parse(attempt_.target.code));
      if (const auto* label = std::get_if<setup_code::HomeKit>(&code)) setup_id_ = label->setup_id;
    }
    const std::string& proof = attempt_.target.secrets.proof;
    if (proof.empty())
      return make_error(Errc::missing_secret, "the setup code",
                        "give the 8 digits on the device's label");
    const auto code = homekit::normal_code(proof);
    if (!code) return make_error(Errc::bad_code, "HomeKit", "a setup code has 8 digits");
    code_ = *code;
    return {};
  }

  /// Before the device is touched: a pairing that cannot be kept need not be made.
  Result<void> prepare_file() {
    if (keys_.empty()) return {};
    struct stat status {};
    if (keys_.is_folder()) {
      AIOT_CHECK(keys_.prepare_folder());
    } else if (::lstat(keys_.path().c_str(), &status) == 0) {
      return file_failed(file::error_code(EEXIST, boost::system::generic_category()));
    }
    auto part = file::PartFile::create(keys_.file_of(fmt::format("new-{}", attempt_.run.number())),
                                       S_IRUSR | S_IWUSR);
    if (!part) return file_failed(part.error());
    part_.emplace(*std::move(part));
    return {};
  }

  Error file_failed(const file::error_code& error) const {
    return keys_.failed(error, "name a new file in a folder of yours");
  }

  net::Task<void> find() {
    place_ = attempt_.target.address;
    if (place_.host.empty()) {
      if (setup_id_.empty())
        co_return make_error(Errc::not_found,
                             "a setup code alone does not say which device it is of",
                             "give the device's address too");
      AIOT_CO_TRY(place_, co_await find_accessory(setup_id_, attempt_.run.clock()));
      attempt_.flow.log(fmt::format("it is at {}", place_.str()));
      attempt_.flow.reached(Stage::found);
    }
    if (place_.port == 0)
      co_return make_error(Errc::no_protocol, place_.str(), "add the port: homekit://HOST:PORT");
    place_.scheme = "tcp";
    place_.query.clear();
    co_return Result<void>();
  }

  net::Task<void> connect() {
    const net::TimePoint deadline = attempt_.run.clock().now() + accessory_connect_time;
    net::OpenOptions options = attempt_.run.open_options();
    options.deadline = deadline;
    const Address address = place_;
    Result<std::unique_ptr<net::Link>> link = co_await net::open_link(address, options);
    if (!link) co_return unreachable(std::move(link).error());
    link_ = *std::move(link);
    if (!attempt_.target.address.host.empty()) attempt_.flow.reached(Stage::found);
    attempt_.flow.reached(Stage::connected);
    attempt_.result.ip = place_.host;
    take_over(homekit::Controller::patience);
    co_return Result<void>();
  }

  /// Pairing ends one connection, and a session begins another.
  net::Task<void> begin_session(std::chrono::seconds patience) {
    controller_.reset();
    link_->close();
    const net::TimePoint deadline = attempt_.run.clock().now() + patience;
    Result<void> opened = co_await link_->reopen(deadline);
    if (!opened) co_return unreachable(std::move(opened).error());
    take_over(patience);
    const Bytes secret = crypto::random_bytes(32);
    Result<void> verified = co_await controller_->pair_verify(pairing_, secret);
    co_return verified;
  }

  void take_over(std::chrono::seconds patience) {
    controller_.emplace(*link_, net::host_and_port(place_.host, place_.port), patience);
  }

  Error unreachable(Error error) const {
    if (error.condition() == Condition::cancelled) return error;
    return make_error(Errc::unreachable, error.message(),
                      "check the address, and that the device is on this network");
  }

  /// What it is called matters less than that it is paired.
  net::Task<void> read_info() {
    Result<homekit::AccessoryInfo> info = co_await controller_->read_info();
    if (!info) {
      if (info.error().condition() == Condition::cancelled) co_return std::move(info).error();
      attempt_.flow.log(info.error().message());
      co_return Result<void>();
    }
    attempt_.result.name = info->name;
    attempt_.result.model = info->model;
    attempt_.result.firmware = info->firmware;
    co_return Result<void>();
  }

  Result<void> store() {
    const std::string text = keys_in_json(pairing_);
    if (const auto error = file::write_all(part_->get(), as_bytes(text))) return file_failed(error);
    // What an earlier pairing left in a folder opens nothing: the accessory has taken a new one.
    if (keys_.is_folder()) part_->rename(keys_.file_of(pairing_.accessory_id));
    const auto error = keys_.is_folder() ? part_->replace() : part_->appear();
    if (error) return file_failed(error);
    pairing_.may_be_stored = false;  // somebody has the keys
    return {};
  }

  /// True when the device has no pairing with this host any more.
  net::asio::awaitable<bool> clean_up() {
    co_await net::asio::this_coro::reset_cancellation_state(
        net::asio::enable_terminal_cancellation());
    Result<void> removed = co_await begin_session(accessory_clean_up_patience);
    if (removed) removed = co_await controller_->remove_pairing(pairing_.controller.id);
    // It does not know this host: the pairing was not stored.
    if (removed || removed.error().code == make_error_code(Errc::device_refused)) co_return true;
    attempt_.run.notice("pair.left_paired",
                        fmt::format("the device may have stored a pairing that nobody can use: {}",
                                    removed.error().message()),
                        "reset the device before it is paired again");
    co_return false;
  }

  Attempt& attempt_;
  KeyPlace keys_;
  homekit::Pairing pairing_;
  bool proved_ = false;  ///< all is done but to remove the pairing
  std::string code_;
  std::string setup_id_;
  Address place_;
  std::optional<file::PartFile> part_;
  std::unique_ptr<net::Link> link_;
  std::optional<homekit::Controller> controller_;
};

}  // namespace

bool takes_homekit(const Target& target) {
  if (target.address.scheme == "homekit") return true;
  if (target.code.empty()) return false;
  const Result<setup_code::Code> code = setup_code::parse(target.code);
  return code && std::holds_alternative<setup_code::HomeKit>(*code) &&
         (target.address.scheme.empty() || target.address.scheme == "tcp");
}

net::Task<void> pair_homekit(Attempt& attempt) {
  HomeKitRun run(attempt);
  Result<void> done = co_await run.run();
  co_return done;
}

}  // namespace aiot::pair
