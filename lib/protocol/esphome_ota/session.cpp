#include "protocol/esphome_ota/session.hpp"

#include <fmt/format.h>
#include <libdeflate.h>

#include <algorithm>
#include <memory>

#include "crypto/digest.hpp"

namespace aiot::esphome {
namespace {

using namespace std::chrono_literals;

/// espota2.py waits this long for each answer; erasing and writing are slow.
constexpr auto reply_time = 20s;
constexpr auto prepare_time = 60s;
constexpr auto block_time = 160s;
/// Blocks that are sent ahead of their acknowledgement: the device's window takes them.
constexpr std::size_t blocks_ahead = 2;
constexpr std::uint8_t application = 0x00;

/// gzip of the highest level, as ESP8266's loader unpacks it.
Bytes gzip(ByteSpan data) {
  const std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> compressor(
      libdeflate_alloc_compressor(9), libdeflate_free_compressor);
  if (!compressor) throw std::bad_alloc();
  Bytes out(libdeflate_gzip_compress_bound(compressor.get(), data.size()));
  out.resize(
      libdeflate_gzip_compress(compressor.get(), data.data(), data.size(), out.data(), out.size()));
  return out;
}

class Session {
 public:
  Session(net::Link& link, const Update& what) : link_(link), what_(what) {}

  net::Task<void> greet() {
    const Bytes hello(magic.begin(), magic.end());
    AIOT_CO_CHECK(co_await send(hello));
    std::string step = "the greeting";
    AIOT_CO_CHECK(co_await expect(Reply::ok, step, reply_time));
    AIOT_CO_TRY(const Bytes version, co_await read(1, step, reply_time));
    version_ = version[0];
    if (version_ != 1 && version_ != 2) {
      co_return make_error(Errc::unsupported_version, fmt::format("version {}", version_),
                           "update this program");
    }
    co_return Result<void>();
  }

  net::Task<std::uint64_t> run() {
    AIOT_CO_CHECK(co_await greet());
    AIOT_CO_CHECK(co_await agree());
    AIOT_CO_CHECK(co_await authenticate());
    Result<std::uint64_t> sent = co_await upload();
    co_return sent;
  }

 private:
  net::Task<void> send(Bytes bytes) {
    const net::TimePoint deadline = link_.clock().now() + block_time;
    Result<void> sent = co_await link_.write(bytes, deadline);
    // A device that refuses sends its error and closes: the error counts.
    if (!sent && sent.error().code == net::Errc::link_lost) co_return Result<void>();
    if (!sent && sent.error().code == net::Errc::timed_out)
      co_return make_error(Errc::no_reply, "the data");
    co_return sent;
  }

  net::Task<Bytes> read(std::size_t count, std::string step, std::chrono::seconds patience) {
    const net::TimePoint deadline = link_.clock().now() + patience;
    Bytes out(count);
    std::size_t have = 0;
    while (have < count) {
      const std::span<std::uint8_t> rest = std::span(out).subspan(have);
      Result<std::size_t> got = co_await link_.read_some(rest, deadline);
      if (!got && got.error().code == net::Errc::timed_out) {
        co_return make_error(Errc::no_reply, std::move(step),
                             "check the device's log, and try again");
      }
      if (!got) co_return std::move(got).error().with(step);
      have += *got;
    }
    co_return out;
  }

  /// The one byte of an answer; an error that the device reports is an error.
  net::Task<Reply> answer(std::string step, std::chrono::seconds patience) {
    std::string copy = step;
    AIOT_CO_TRY(const Bytes byte, co_await read(1, std::move(copy), patience));
    if (byte[0] >= 0x80) co_return error_of(byte[0]).with(step);
    co_return static_cast<Reply>(byte[0]);
  }

  net::Task<void> expect(Reply wanted, std::string step, std::chrono::seconds patience) {
    std::string copy = step;
    AIOT_CO_TRY(const Reply got, co_await answer(std::move(copy), patience));
    if (got != wanted) {
      co_return make_error(Errc::protocol,
                           fmt::format("{}: {:#04x} in place of {:#04x}", step,
                                       static_cast<unsigned>(got), static_cast<unsigned>(wanted)),
                           "check that the address is that of an ESPHome device");
    }
    co_return Result<void>();
  }

  net::Task<void> agree() {
    const Bytes features = {Feature::gzip | Feature::sha256 | Feature::extended};
    AIOT_CO_CHECK(co_await send(features));
    std::string step = "the features";
    AIOT_CO_TRY(const Reply reply, co_await answer(step, reply_time));
    if (reply == Reply::features) {
      AIOT_CO_TRY(const Bytes flags, co_await read(1, step, reply_time));
      extended_ = true;
      gzip_ = (flags[0] & Feature::gzip) != 0;
    } else if (reply == Reply::takes_gzip) {
      gzip_ = true;
    } else if (reply != Reply::header_ok) {
      co_return make_error(Errc::protocol, step);
    }
    co_return Result<void>();
  }

  net::Task<void> authenticate() {
    std::string step = "the password";
    AIOT_CO_TRY(const Reply reply, co_await answer(step, reply_time));
    if (reply == Reply::auth_ok) co_return Result<void>();
    const bool sha256 = reply == Reply::auth_sha256;
    if (!sha256 && reply != Reply::auth_md5) co_return make_error(Errc::protocol, step);
    const std::size_t length = sha256 ? 64 : 32;
    AIOT_CO_TRY(const Bytes nonce, co_await read(length, step, reply_time));
    if (what_.password.empty()) {
      co_return make_error(Errc::needs_password, {},
                           "give the password of the device's OTA configuration");
    }
    const std::string theirs(nonce.begin(), nonce.end());
    const std::string ours = to_hex(what_.random(length / 2));
    const std::string response = sha256 ? sha256_response(what_.password, theirs, ours)
                                        : md5_response(what_.password, theirs, ours);
    Bytes out(ours.begin(), ours.end());
    out.insert(out.end(), response.begin(), response.end());
    AIOT_CO_CHECK(co_await send(std::move(out)));
    Result<void> accepted = co_await expect(Reply::auth_ok, step, reply_time);
    co_return accepted;
  }

  net::Task<std::uint64_t> upload() {
    Bytes packed;
    ByteSpan data = what_.firmware;
    if (gzip_) {
      packed = gzip(data);
      if (packed.size() < data.size()) data = packed;
    }
    Bytes head;
    if (extended_) head.push_back(application);
    for (int shift = 24; shift >= 0; shift -= 8) {
      head.push_back(static_cast<std::uint8_t>(data.size() >> shift));
    }
    AIOT_CO_CHECK(co_await send(std::move(head)));
    std::string step = "the erase of the partition";
    AIOT_CO_CHECK(co_await expect(Reply::prepare_ok, step, prepare_time));
    const std::string md5 = to_hex(crypto::md5(data));
    Bytes md5_text(md5.begin(), md5.end());
    AIOT_CO_CHECK(co_await send(std::move(md5_text)));
    step = "the MD5";
    AIOT_CO_CHECK(co_await expect(Reply::md5_ok, step, reply_time));
    if (what_.uploading) what_.uploading();
    AIOT_CO_CHECK(co_await send_blocks(data));
    step = "the end of the data";
    AIOT_CO_CHECK(co_await expect(Reply::received, step, block_time));
    AIOT_CO_CHECK(co_await expect(Reply::done, step, block_time));
    const Bytes bye = {static_cast<std::uint8_t>(Reply::ok)};
    AIOT_CO_CHECK(co_await send(bye));
    co_return data.size();
  }

  net::Task<void> send_blocks(ByteSpan data) {
    const std::size_t ahead = version_ >= 2 ? blocks_ahead * block_bytes : data.size();
    std::size_t sent = 0;
    std::size_t taken = 0;
    std::string step = "the data";
    while (taken < data.size()) {
      while (sent < data.size() && sent - taken < ahead) {
        const ByteSpan part = data.subspan(sent, std::min(block_bytes, data.size() - sent));
        Bytes block(part.begin(), part.end());
        AIOT_CO_CHECK(co_await send(std::move(block)));
        sent += part.size();
        if (version_ < 2) report(sent, data.size());
      }
      if (version_ < 2) break;  // it acknowledges no blocks
      AIOT_CO_CHECK(co_await expect(Reply::block_ok, step, block_time));
      taken = std::min(taken + block_bytes, data.size());
      report(taken, data.size());
    }
    co_return Result<void>();
  }

  void report(std::size_t done, std::size_t total) const {
    if (what_.progress) what_.progress(done, total);
  }

  net::Link& link_;
  const Update& what_;
  std::uint8_t version_ = 0;
  bool extended_ = false;
  bool gzip_ = false;
};

}  // namespace

net::Task<std::uint64_t> update(net::Link& link, const Update& what) {
  Session session(link, what);
  Result<std::uint64_t> sent = co_await session.run();
  co_return sent;
}

net::Task<void> greet(net::Link& link) {
  const Update nothing;
  Session session(link, nothing);
  Result<void> greeted = co_await session.greet();
  co_return greeted;
}

}  // namespace aiot::esphome
