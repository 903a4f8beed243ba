#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aiot/bytes.hpp"
#include "protocol/alibaba/device_info.hpp"
#include "provisioning/flow.hpp"

/// How a device takes its Wi-Fi credentials at its own access point; see README.md.
namespace aiot::alibaba {

inline constexpr std::string_view switch_path = "/sys/awss/device/softap/switchap";
/// Answered at the access point that came back after a network was not joined.
inline constexpr std::string_view errcode_path = "/sys/awss/device/errcode/get";

/// Drawn by the sender of a password: 32 hexadecimal digits. Only decimal ones: devices differ in
/// how they write the others, and the text goes into the key.
struct Nonce {
  std::string text;

  /// From 32 random bytes.
  static Nonce from(ByteSpan random);
};

/// The password as it is sent: AES-128-CBC, filled up with zeros, in hexadecimal digits. The key
/// follows from the nonce (security 2.0) or, when `product_secret` is not "", from both.
std::string seal_password(std::string_view password, const Nonce& nonce,
                          std::string_view product_secret);
/// Nothing for what no whole blocks were made of.
std::optional<std::string> open_password(std::string_view sealed, const Nonce& nonce,
                                         std::string_view product_secret);

/// The payload of a GET on switch_path.
std::string switch_request(unsigned id, const provisioning::WifiCredentials& wifi,
                           const Nonce& nonce, std::string_view product_secret);
/// What the device says of itself in answer. Errc::refused, bad_password (code -3); the code is in
/// the context, the device's words are in peer_text.
Result<DeviceInfo> parse_switch_reply(std::string_view text);

/// The payload of a GET on errcode_path.
std::string errcode_request(unsigned id);
/// Why the device did not join, in its own numbers. Errc::bad_content.
Result<std::int64_t> parse_errcode(std::string_view text);

struct SoftApOptions {
  std::string product_key = "a1B2c3D4e5F";
  std::string device_name = "virtual-genie";
  std::string mac = "B0:F8:93:00:00:01";
  std::string product_secret;          ///< "": it takes security 2.0
  provisioning::WifiCredentials wifi;  ///< the network around it; ssid "" takes any
  std::vector<provisioning::Fault> faults;
};

/// The device's side, without CoAP and without time: a payload goes in, one comes out.
class SoftApDevice {
 public:
  explicit SoftApDevice(SoftApOptions options);

  /// The answer to a GET on `path`; nothing: it does not answer.
  std::optional<std::string> answer(std::string_view path, std::string_view request);
  /// It joins the network that it was given, or opens its access point again.
  void try_to_join();

  bool has_credentials() const { return waiting_; }
  /// The network that it joined; "" before.
  const std::string& ssid() const { return joined_ssid_; }
  /// It has joined no network that it was given: its access point is back.
  bool has_failed() const { return errcode_ != 0; }
  unsigned calls() const { return calls_; }

 private:
  std::string take(std::string_view request);
  std::string info(std::string_view id) const;
  bool fails(provisioning::Stage stage);

  SoftApOptions options_;
  std::string ssid_;
  std::string password_;
  std::string joined_ssid_;
  std::int64_t errcode_ = 0;
  bool waiting_ = false;
  bool silent_ = false;
  bool garbage_ = false;
  unsigned calls_ = 0;
};

}  // namespace aiot::alibaba
