#include <fmt/format.h>

#include "aiot/units.hpp"
#include "crypto/digest.hpp"
#include "job/flash/error.hpp"
#include "job/flash/gang.hpp"
#include "job/flash/operations.hpp"
#include "job/flash/output_file.hpp"
#include "job/flash/recover.hpp"
#include "job/flash/region.hpp"
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
  explicit Reader(const ReadRequest& request) : request_(request) {}
  net::Task<void> run(Device& device);

 private:
  Result<void> open_output(Device& device);

  const ReadRequest& request_;
  std::optional<OutputFile> output_;
  std::optional<Bounds> bounds_;
  std::uint32_t done_ = 0;
  crypto::Md5Stream md5_;
};

Result<void> Reader::open_output(Device& device) {
  if (output_) return {};
  std::string path = request_.output;
  replace(path, "{mac}", to_hex(device.mac()));
  replace(path, "{n}", std::to_string(device.context().number()));
  Result<OutputFile> file = OutputFile::create(path);
  if (!file) return std::move(file).error();
  output_.emplace(*std::move(file));
  device.context().fields.set("output", path);
  return {};
}

net::Task<void> Reader::run(Device& device) {
  AIOT_CO_CHECK(co_await device.prepare(false));
  if (!device.loader().can_read()) {
    co_return make_error(Errc::cannot_verify, "reading flash", "use a stub");
  }
  if (!bounds_) {
    AIOT_CO_TRY(bounds_, co_await find_region(device, request_.region));
  }
  device.context().fields.set("dry_run", request_.dry_run);
  device.context().fields.set("size_bytes", bounds_->size);
  if (request_.dry_run) co_return co_await device.leave();
  AIOT_CO_CHECK(open_output(device));
  device.context().step("read " + bounds_->name,
                        1 + 12 * static_cast<double>(bounds_->size) / (1 << 20));
  while (done_ < bounds_->size) {
    const std::uint32_t size = std::min(piece_size, bounds_->size - done_);
    Bytes piece;
    piece.reserve(size);
    std::function<Result<void>(ByteSpan)> sink = [&](ByteSpan bytes) -> Result<void> {
      append(piece, bytes);
      device.context().progress(done_ + piece.size(), bounds_->size);
      return {};
    };
    AIOT_CO_CHECK(co_await device.loader().read(bounds_->offset + done_, size, std::move(sink)));
    AIOT_CO_TRY(const bool whole, co_await device.arrived_whole(bounds_->offset + done_, piece));
    if (!whole) {
      co_return make_error(esp::Errc::md5_mismatch,
                           fmt::format("reading at {}", format_hex(bounds_->offset + done_)),
                           "a slower wire may carry the bytes unharmed");
    }
    AIOT_CO_CHECK(output_->write(piece));
    md5_.update(piece);
    done_ += size;
  }
  AIOT_CO_CHECK(output_->commit());
  device.context().fields.set("md5", to_hex(md5_.finish()));
  co_return co_await device.leave();
}

}  // namespace

Operation read_operation(const ReadRequest& request) {
  return [&request](DeviceContext& context) -> net::Task<void> {
    Device device(context);
    Reader reader(request);
    Attempt attempt = [&reader](Device& reached) { return reader.run(reached); };
    co_return co_await with_recovery(device, std::move(attempt));
  };
}

Result<Report> read(std::span<const Address> devices, const ReadRequest& request, EventSink& sink,
                    std::stop_token stop) {
  const bool distinct = request.output.find("{mac}") != std::string::npos ||
                        request.output.find("{n}") != std::string::npos;
  if (devices.size() > 1 && !distinct) {
    return make_error(Errc::needs_placeholder, request.output,
                      "put {mac} or {n} into the file's name");
  }
  Environment environment = real_environment();
  return run_gang(devices, request.session, "read", read_operation(request), environment, sink,
                  std::move(stop));
}

}  // namespace aiot::flash
