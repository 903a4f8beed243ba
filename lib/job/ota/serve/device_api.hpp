#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "aiot/ota_server.hpp"
#include "job/ota/serve/catalog.hpp"
#include "job/ota/serve/journal.hpp"
#include "protocol/ddi/server.hpp"

namespace aiot::ota {

/// system_clock::now() but in tests.
using TimeOfDay = std::chrono::system_clock::time_point (*)();

/// ISO 8601, UTC, in seconds.
std::string utc_text(std::chrono::system_clock::time_point time);

/// What is made of the artifacts: hawkBit's DDI, and stable addresses for ESP-IDF's esp_https_ota.
///
///     /TENANT/controller/v1/DEVICE…                 DDI
///     /esp/PRODUCT.json?hardware=H                  url, version, size, sha256 of the newest
///     /esp/PRODUCT/latest.bin?hardware=H            302 to it
class DeviceApi {
 public:
  /// `state` is the folder of DDI's journal. Errc::artifacts, Errc::state; errors of the tokens.
  static Result<std::unique_ptr<DeviceApi>> make(const ServeRequest& request,
                                                 const std::string& state, ServedFolder& folder,
                                                 EventSink& sink, TimeOfDay now);
  /// Reads artifacts and tokens again. What is wrong leaves those from before.
  Result<void> reload();
  /// Reads artifacts again when the repository has changed, or some time after it was not whole.
  void follow();
  /// nullopt: not of its paths.
  std::optional<net::HttpReply> answer(const net::HttpMessage& request, const net::HttpPeer& peer);
  std::size_t artifacts() const { return catalog_.artifacts().size(); }
  const ddi::Server& devices() const { return ddi_; }

 private:
  DeviceApi(const ServeRequest& request, ServedFolder& folder, EventSink& sink, TimeOfDay now);
  bool is_allowed(const std::string& device, const net::HttpMessage& request,
                  const net::HttpPeer& peer) const;
  net::HttpReply answer_ddi(const ddi::Path& path, const net::HttpMessage& request,
                            const net::HttpPeer& peer);
  net::HttpReply answer_esp(const net::HttpMessage& request);
  Result<Catalog> read_catalog();
  void notice_faults(const Catalog& catalog);
  std::optional<ddi::Offer> offer(const std::string& device, const ddi::Attributes& attributes);

  const ServeRequest& request_;
  ServedFolder& folder_;
  EventSink& sink_;
  TimeOfDay now_;
  DigestCache digests_;
  Catalog catalog_;
  std::string timestamp_;  ///< identity of the file that the catalog follows
  std::chrono::system_clock::time_point read_at_;
  bool is_whole_ = true;     ///< the catalog is all of the repository
  std::string last_notice_;  ///< is not repeated at each poll
  std::map<std::string, std::string> tokens_;
  std::optional<Journal> journal_;
  bool unkept_ = false;  ///< the journal lacks what the devices have said
  ddi::Server ddi_;
};

}  // namespace aiot::ota
