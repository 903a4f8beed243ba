#include "protocol/arduino_ota/device.hpp"

#include <algorithm>
#include <utility>

#include "crypto/digest.hpp"

namespace aiot::arduino {

std::optional<std::string> Device::on_datagram(std::string_view text) {
  if (dead_ || receiving_) return std::nullopt;
  if (std::exchange(options_.deaf_once, false)) return std::nullopt;
  if (!nonce_.empty()) {
    const std::string nonce = std::exchange(nonce_, {});
    constexpr std::string_view command = "200 ";
    const std::size_t length = nonce.size();
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (!text.starts_with(command) || text.size() != command.size() + 2 * length + 1) {
      return std::nullopt;
    }
    text.remove_prefix(command.size());
    const std::string_view cnonce = text.substr(0, length);
    const bool sha256 = options_.sha256 && !options_.md5_password;
    const std::string hash = sha256 ? sha256_hex(options_.password) : md5_hex(options_.password);
    if (text.substr(length + 1) != respond(hash, nonce, cnonce)) return "Authentication Failed";
  } else {
    invitation_ = parse_invitation(text);
    if (!invitation_) return std::nullopt;
    if (!options_.password.empty()) {
      nonce_ = to_hex(options_.random(options_.sha256 ? 32 : 16));
      return "AUTH " + nonce_;
    }
  }
  connect_ = invitation_->port;
  return "OK";
}

std::optional<std::uint16_t> Device::take_connection() {
  if (!connect_) return std::nullopt;
  // Update.begin(): the host sees that nobody connects.
  if (invitation_->size_bytes > options_.partition_bytes || invitation_->size_bytes == 0) {
    connect_.reset();
    return std::nullopt;
  }
  receiving_ = true;
  data_.clear();
  return std::exchange(connect_, std::nullopt);
}

std::string Device::on_data(ByteSpan bytes) {
  if (!receiving_) return {};
  const std::size_t left = static_cast<std::size_t>(invitation_->size_bytes) - data_.size();
  bytes = bytes.first(std::min(bytes.size(), left));
  const std::size_t before = data_.size();
  append(data_, bytes);
  if (options_.corrupt_at && *options_.corrupt_at >= before &&
      *options_.corrupt_at < data_.size()) {
    data_[*options_.corrupt_at] ^= 0x01;
  }
  if (options_.dead_after && data_.size() > *options_.dead_after) {
    dead_ = true;
    receiving_ = false;
    return {};
  }
  std::string out = std::to_string(bytes.size());
  if (data_.size() == invitation_->size_bytes) out += finish();
  return out;
}

std::string Device::finish() {
  receiving_ = false;
  if (to_hex(crypto::md5(data_)) != invitation_->md5) return "MD5 Check Failed\r\n";
  firmware_ = std::move(data_);
  data_.clear();
  ++updates_;
  return "OK";
}

}  // namespace aiot::arduino
