#include "protocol/esphome_ota/device.hpp"

#include <algorithm>

#include "crypto/digest.hpp"

namespace aiot::esphome {
namespace {

std::string text_of(ByteSpan bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

void Device::on_host_baud(net::TimePoint, std::uint32_t) {
  step_ = Step::magic;
  input_.clear();
  output_.clear();
  data_.clear();
  extended_ = false;
}

std::size_t Device::wanted() const {
  switch (step_) {
    case Step::magic: return magic.size();
    case Step::features:
    case Step::type:
    case Step::bye: return 1;
    case Step::response: return 2 * nonce_.size();
    case Step::size: return 4;
    case Step::md5: return 32;
    case Step::data:
    case Step::over: return 1;
  }
  return 1;
}

void Device::on_bytes(net::TimePoint, ByteSpan bytes) {
  if (dead_) return;
  append(input_, bytes);
  std::size_t used = 0;
  while (!dead_) {
    const ByteSpan left = ByteSpan(input_).subspan(used);
    if (left.size() < wanted()) break;
    const std::size_t count =
        step_ == Step::data ? std::min(left.size(), size_ - data_.size()) : wanted();
    take(left.first(count));
    used += count;
  }
  input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(used));
}

void Device::fail(std::uint8_t error) {
  output_.push_back(error);
  step_ = Step::over;
}

void Device::take(ByteSpan bytes) {
  switch (step_) {
    case Step::magic:
      if (!std::ranges::equal(bytes, magic)) return fail(0x80);
      say(Reply::ok);
      output_.push_back(options_.version);
      step_ = Step::features;
      return;
    case Step::features:
      extended_ = options_.extended && (bytes[0] & Feature::extended) != 0;
      if (extended_) {
        say(Reply::features);
        output_.push_back(options_.gzip ? Feature::gzip : 0);
      } else {
        say(options_.gzip && (bytes[0] & Feature::gzip) != 0 ? Reply::takes_gzip
                                                             : Reply::header_ok);
      }
      if (!options_.password.empty()) return ask_password();
      say(Reply::auth_ok);
      step_ = extended_ ? Step::type : Step::size;
      return;
    case Step::response: {
      const std::string cnonce = text_of(bytes.first(nonce_.size()));
      const std::string response = text_of(bytes.subspan(nonce_.size()));
      const std::string right = options_.sha256 ? sha256_response(options_.password, nonce_, cnonce)
                                                : md5_response(options_.password, nonce_, cnonce);
      if (response != right) return fail(0x82);
      say(Reply::auth_ok);
      step_ = extended_ ? Step::type : Step::size;
      return;
    }
    case Step::type:
      if (bytes[0] != 0) return fail(0x81);
      step_ = Step::size;
      return;
    case Step::size:
      size_ = load_be32(bytes.data());
      if (size_ == 0 || size_ > options_.partition_bytes) return fail(0x89);
      say(Reply::prepare_ok);
      step_ = Step::md5;
      return;
    case Step::md5:
      md5_ = text_of(bytes);
      say(Reply::md5_ok);
      acknowledged_ = 0;
      step_ = Step::data;
      return;
    case Step::data: return take_data(bytes);
    case Step::over: return;
    case Step::bye:
      firmware_ = std::move(data_);
      ++updates_;
      step_ = Step::over;
      return;
  }
}

void Device::ask_password() {
  nonce_ = to_hex(options_.random(options_.sha256 ? 32 : 16));
  say(options_.sha256 ? Reply::auth_sha256 : Reply::auth_md5);
  output_.insert(output_.end(), nonce_.begin(), nonce_.end());
  step_ = Step::response;
}

void Device::take_data(ByteSpan bytes) {
  if (options_.refuses_write) return fail(0x83);
  const std::size_t begin = data_.size();
  append(data_, bytes);
  if (options_.corrupt_at && *options_.corrupt_at >= begin && *options_.corrupt_at < data_.size()) {
    data_[static_cast<std::size_t>(*options_.corrupt_at)] ^= 0x01;
  }
  if (options_.dead_after && data_.size() >= *options_.dead_after) {
    dead_ = true;
    output_.clear();
    return;
  }
  if (options_.version >= 2) {
    while (acknowledged_ + block_bytes <= data_.size() ||
           (data_.size() == size_ && acknowledged_ < size_)) {
      say(Reply::block_ok);
      acknowledged_ += block_bytes;
    }
  }
  if (data_.size() < size_) return;
  say(Reply::received);
  if (to_hex(crypto::md5(data_)) != md5_) return fail(0x8B);
  say(Reply::done);
  step_ = Step::bye;
}

}  // namespace aiot::esphome
