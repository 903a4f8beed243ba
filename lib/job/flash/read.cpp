#include <fmt/format.h>

#include <algorithm>

#include "aiot/units.hpp"
#include "crypto/digest.hpp"
#include "job/flash/error.hpp"
#include "job/flash/output_file.hpp"
#include "job/flash/session.hpp"
#include "protocol/esp/error.hpp"

namespace aiot::flash {
namespace {

/// Read in pieces of this size, each with its own MD5: what a lost link costs.
constexpr std::uint32_t piece_size = 256 * 1024;

void replace(std::string& text, std::string_view mark, const std::string& by) {
  if (const auto at = text.find(mark); at != std::string::npos) text.replace(at, mark.size(), by);
}

/// One device's read, over all its attempts: pieces that arrived are not read again.
class Reader {
 public:
  Reader(Device& device, ReadResult& result, const ReadRequest& request)
      : device_(device), result_(result), request_(request) {}
  net::Task<void> run();

 private:
  Result<void> open_output();

  Device& device_;
  ReadResult& result_;
  const ReadRequest& request_;
  std::optional<OutputFile> output_;
  std::uint64_t done_ = 0;
  crypto::Md5Stream md5_;
};

Result<void> Reader::open_output() {
  if (output_) return {};
  std::string path = request_.output;
  replace(path, "{mac}", to_hex(device_.mac()));
  replace(path, "{n}", std::to_string(device_.run().number()));
  Result<OutputFile> file = OutputFile::create(path);
  if (!file) return std::move(file).error();
  output_.emplace(*std::move(file));
  result_.output = path;
  return {};
}

net::Task<void> Reader::run() {
  AIOT_CO_CHECK(co_await device_.prepare(false));
  if (!device_.loader().can_read()) {
    co_return make_error(Errc::cannot_verify, "reading flash", "use a stub");
  }
  if (!result_.region) {
    AIOT_CO_TRY(result_.region, co_await device_.find_region(request_.region));
  }
  const FlashRange& region = *result_.region;
  result_.dry_run = request_.dry_run;
  result_.size_bytes = region.size_bytes;
  if (request_.dry_run) co_return co_await device_.leave();
  AIOT_CO_CHECK(open_output());
  device_.run().step("read " + region.name,
                     1 + 12 * static_cast<double>(region.size_bytes) / (1 << 20));
  while (done_ < region.size_bytes) {
    const auto size =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(piece_size, region.size_bytes - done_));
    const auto offset = static_cast<std::uint32_t>(region.offset + done_);
    Bytes piece;
    piece.reserve(size);
    std::function<Result<void>(ByteSpan)> sink = [&](ByteSpan bytes) -> Result<void> {
      append(piece, bytes);
      device_.run().progress(done_ + piece.size(), region.size_bytes);
      return {};
    };
    AIOT_CO_CHECK(co_await device_.loader().read(offset, size, std::move(sink)));
    AIOT_CO_TRY(const bool whole, co_await device_.arrived_whole(offset, piece));
    if (!whole) {
      co_return make_error(esp::Errc::md5_mismatch,
                           fmt::format("reading at {}", format_hex(offset)),
                           "a slower wire may carry the bytes unharmed");
    }
    AIOT_CO_CHECK(output_->write(piece));
    md5_.update(piece);
    done_ += size;
  }
  AIOT_CO_CHECK(output_->commit());
  result_.md5 = to_hex(md5_.finish());
  co_return co_await device_.leave();
}

}  // namespace

net::Task<void> read_device(Device& device, ReadResult& result, const ReadRequest& request) {
  Reader reader(device, result, request);
  Attempt attempt = [&reader] { return reader.run(); };
  co_return co_await with_recovery(device, std::move(attempt));
}

Result<Report<ReadResult>> read(std::span<const Address> devices, const ReadRequest& request,
                                EventSink& sink, std::stop_token stop) {
  const bool distinct = request.output.find("{mac}") != std::string::npos ||
                        request.output.find("{n}") != std::string::npos;
  if (devices.size() > 1 && !distinct) {
    return make_error(Errc::needs_placeholder, request.output,
                      "put {mac} or {n} into the file's name");
  }
  Environment environment = real_environment();
  return run_batch<ReadResult>(
      devices, request.session, environment, sink, std::move(stop),
      [&](Device& device, ReadResult& result) { return read_device(device, result, request); });
}

}  // namespace aiot::flash
