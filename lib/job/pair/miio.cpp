#include "job/pair/miio.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <boost/asio/this_coro.hpp>

#include "core/file.hpp"
#include "job/pair/key_file.hpp"
#include "job/pair/wifi_join.hpp"
#include "net/resolve.hpp"
#include "protocol/miio/provision.hpp"

namespace aiot::pair {
namespace {

using namespace std::chrono_literals;
using provisioning::Errc;

constexpr auto miio_resolve_time = 5s;

/// Writes "token: TOKEN", as files of secrets have it, to the device's own file in a folder; a
/// device that was reset has another token.
Result<void> keep_own_miio_token(const KeyPlace& place, std::uint64_t device_id,
                                 const miio::Token& token) {
  AIOT_CHECK(place.prepare_folder());
  auto part = file::PartFile::create(place.file_of(std::to_string(device_id)), 0600);
  if (!part) return place.failed(part.error(), "name a folder that can be written");
  auto error = file::write_all(part->get(), as_bytes("token: " + to_hex(token) + "\n"));
  if (!error) error = part->replace();
  if (error) return place.failed(error, "free space on its disk");
  return {};
}

/// Appends "DEVICE: TOKEN" to a file that is its owner's alone. The token is in no error.
Result<void> keep_miio_token(const KeyPlace& place, std::uint64_t device_id,
                             const miio::Token& token) {
  if (place.is_folder()) return keep_own_miio_token(place, device_id, token);
  const std::string& path = place.path();
  const auto fail = [&](const file::error_code& error, std::string hint) {
    return place.failed(error, std::move(hint));
  };
  const file::Descriptor file(::open(
      path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600));
  if (!file.is_open()) return fail(file::last_error(), "name a file that can be written");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return fail(file::last_error(), "name a plain file");
  if (!S_ISREG(status.st_mode) || status.st_uid != ::geteuid() || (status.st_mode & 077) != 0) {
    return fail(make_error_code(boost::system::errc::permission_denied),
                "let its owner alone read it: chmod 600");
  }
  // One write: lines of devices that are set up side by side do not mix.
  const std::string line = std::to_string(device_id) + ": " + to_hex(token) + "\n";
  if (const auto error = file::write_all(file.get(), as_bytes(line)))
    return fail(error, "free space on its disk");
  return {};
}

Result<std::optional<miio::Token>> miio_token_of(const Target& target) {
  if (target.secrets.token.empty()) return std::optional<miio::Token>();
  std::optional<miio::Token> token = miio::parse_token(target.secrets.token);
  if (!token) {
    return make_error(Errc::missing_secret, "the token is not one of miIO",
                      "give 32 hexadecimal digits");
  }
  return token;
}

/// Leaves the device's access point before it looks for the device elsewhere.
class VisitingChannel final : public miio::Channel {
 public:
  VisitingChannel(miio::UdpChannel& udp, AccessPointVisit* visit) : udp_(udp), visit_(visit) {}

  net::Clock& clock() override { return udp_.clock(); }
  net::Task<std::string> run(miio::Call& call, net::TimePoint deadline) override {
    co_return co_await udp_.run(call, deadline);
  }
  net::Task<void> find(std::uint64_t device_id, net::TimePoint deadline) override {
    if (visit_ != nullptr) {
      Result<void> left = co_await visit_->leave();
      AIOT_CO_CHECK(std::move(left));
    }
    co_return co_await udp_.find(device_id, deadline);
  }

 private:
  miio::UdpChannel& udp_;
  AccessPointVisit* visit_;
};

}  // namespace

bool takes_miio(const Target& target) { return target.address.scheme == "miio"; }

net::Task<void> pair_miio(Attempt& attempt) {
  net::Clock& clock = attempt.run.clock();
  const Address& address = attempt.target.address;
  AIOT_CO_TRY(const std::optional<miio::Token> token, miio_token_of(attempt.target));
  const std::uint16_t port = address.port == 0 ? miio::udp_port : address.port;
  Result<net::asio::ip::address> host =
      co_await net::resolve(address.host, clock.now() + miio_resolve_time);
  if (!host) co_return std::move(host).error();
  miio::UdpChannel udp({*host, port}, clock, interface_of(attempt));
  VisitingChannel channel(udp, attempt.visit);
  miio::Provisioner provisioner(channel, token, attempt.flow);
  Result<void> greeted = co_await provisioner.greet();
  AIOT_CO_CHECK(std::move(greeted));
  attempt.result.id = std::to_string(provisioner.device_id());
  Result<void> first = attempt.run.identify("miio " + attempt.result.id);
  AIOT_CO_CHECK(std::move(first));
  Result<miio::Info> info = co_await provisioner.authenticate();
  if (!info) co_return std::move(info).error();
  attempt.result.model = info->model;
  attempt.result.firmware = info->firmware;
  if (!info->mac.empty()) attempt.result.id = info->mac;
  // Before the credentials: from then on the device hides it.
  const KeyPlace keys(attempt.target, attempt.request);
  if (!keys.empty()) {
    AIOT_CO_CHECK(keep_miio_token(keys, provisioner.device_id(), provisioner.token()));
  } else if (!token) {
    attempt.run.notice("pair.token_not_kept", "the device's token is not kept",
                       "name a file for it: it is hidden once the device has joined");
  }
  Result<void> joined = co_await provisioner.join(*attempt.request.wifi);
  AIOT_CO_CHECK(std::move(joined));
  attempt.result.ssid = attempt.request.wifi->ssid;
  if (attempt.request.confirm) {
    attempt.clues.miio_id = provisioner.device_id();
    attempt.clues.miio_at = udp.device();
  } else {
    attempt.result.ip = udp.device().address().to_string();
  }
  co_return Result<void>();
}

}  // namespace aiot::pair
