#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/link.hpp"
#include "protocol/homekit/frames.hpp"
#include "provisioning/flow.hpp"

namespace aiot::homekit {

/// What a controller keeps of a pairing.
struct Pairing {
  Identity controller;
  std::string accessory_id;
  /// Ed25519. Empty while it is not known: the accessory's signature is not looked at then, which
  /// is good enough to remove the pairing, and for nothing else.
  Bytes accessory_key;
  bool may_be_stored = false;  ///< the accessory has been given this controller's key
};

/// Of the service that every accessory has.
struct AccessoryInfo {
  std::string name;
  std::string manufacturer;
  std::string model;
  std::string serial;
  std::string firmware;
};
/// Of the accessory whose number is 1, in what GET /accessories gives. Fields that it does not have
/// are empty. provisioning::Errc::protocol_violated for what is no such JSON.
Result<AccessoryInfo> parse_accessories(std::string_view json);

/// The controller's side of HomeKit over IP on one connection (HAP specification, 5.6, 5.7, 5.10 to
/// 5.12). Errors are provisioning::Errc, and net::Errc::cancelled.
class Controller {
 public:
  static constexpr std::chrono::seconds patience{10};

  /// `host` is what HTTP calls the accessory. Each message is waited for up to `limit`. `link`
  /// outlives this.
  Controller(net::Link& link, std::string host, std::chrono::seconds limit = patience)
      : link_(link), host_(std::move(host)), limit_(limit) {}

  /// Proves that this side has `code` (normal_code), and exchanges keys: Stage::authenticated, then
  /// Stage::joined. `srp_secret` is 32 random bytes. Of `pairing` the controller is given; the rest
  /// is filled in.
  net::Task<void> pair_setup(std::string code, Bytes srp_secret, Pairing& pairing,
                             provisioning::Flow& flow);
  /// Proves that both ends have the keys. What follows is encrypted. `secret` is 32 random bytes.
  net::Task<void> pair_verify(const Pairing& pairing, Bytes secret);

  // In a verified session:
  net::Task<void> remove_pairing(std::string controller_id);
  /// The names of all controllers that the accessory is paired with.
  net::Task<std::vector<std::string>> list_pairings();
  net::Task<AccessoryInfo> read_info();

 private:
  struct Reply {
    unsigned status = 0;
    Bytes body;
  };
  net::Task<Reply> request(std::string method, std::string path, Bytes body,
                           std::size_t body_limit_bytes, std::string step);
  /// Sends a pairing message and gives the answer, which has the next state and no error.
  net::Task<Tlv> exchange(std::string path, Tlv message, std::string step);

  net::Link& link_;
  std::string host_;
  std::chrono::seconds limit_;
  std::unique_ptr<SecureLink> secure_;
};

}  // namespace aiot::homekit
