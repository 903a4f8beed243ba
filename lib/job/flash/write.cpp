#include <fmt/format.h>

#include <algorithm>

#include "aiot/flash.hpp"
#include "aiot/units.hpp"
#include "job/flash/compare.hpp"
#include "job/flash/compressor.hpp"
#include "job/flash/error.hpp"
#include "job/flash/gang.hpp"
#include "job/flash/operations.hpp"
#include "job/flash/planner.hpp"
#include "job/flash/recover.hpp"

namespace aiot::flash {
namespace {

/// A stream that is hardly smaller than its data costs more in inflating than it saves.
constexpr double worth_deflating = 0.98;
/// Checked in one MD5: a fifth of a second, so that a bar moves.
constexpr std::uint32_t verify_sectors = 128;

/// One device's write, over all its attempts.
class Writer {
 public:
  Writer(Planner& planner, Compressor& compressor, const WriteRequest& request)
      : planner_(planner), compressor_(compressor), request_(request) {}

  net::Task<void> run(Device& device);

 private:
  /// A fresh device will want the largest extent whole: it is compressed while it is compared.
  void prefetch_largest();
  net::Task<void> find_differences(Device& device);
  net::Task<void> write_differences(Device& device);
  net::Task<void> write_segment(Device& device, const Segment& segment, esp::ProgressFn progress);
  net::Task<void> verify_written(Device& device);
  void report(Device& device) const;
  std::uint64_t bytes_to_write() const;

  Planner& planner_;
  Compressor& compressor_;
  const WriteRequest& request_;
  std::optional<Content> content_;
  std::vector<Difference> differences_;
  bool tried_before_ = false;
  bool erased_ = false;
  std::uint64_t written_bytes_ = 0;
  std::uint64_t sent_bytes_ = 0;
};

net::Task<void> Writer::find_differences(Device& device) {
  device.context().step("compare", 2);
  // What an earlier try has written is found by comparing, also in a full write.
  const bool can_compare = device.loader().can_md5() && (!request_.full || tried_before_);
  if (can_compare) {
    AIOT_CO_TRY(differences_, co_await compare(device, *content_));
  } else {
    differences_ = everything(*content_);
  }
  const std::string size = format_size(content_->plan().size_bytes());
  const std::string what = can_compare ? fmt::format("compared {}, of which {} differ", size,
                                                     format_size(bytes_to_write()))
                                       : fmt::format("writing all of {}", size);
  device.context().log(event::Level::info, what);
  co_return Result<void>();
}

std::uint64_t Writer::bytes_to_write() const {
  std::uint64_t bytes = 0;
  for (const Difference& difference : differences_) {
    for (const SectorRange& run : difference.runs) bytes += std::uint64_t{run.count} * sector_size;
  }
  return bytes;
}

net::Task<void> Writer::write_segment(Device& device, const Segment& segment,
                                      esp::ProgressFn progress) {
  const auto size = static_cast<std::uint32_t>(segment.data.size());
  if (device.loader().can_deflate()) {
    std::shared_ptr<const Bytes> zlib;
    if (segment.shared) {
      AIOT_CO_TRY(zlib, co_await compressor_.get(segment.data, device.context().clock()));
    } else {
      zlib = std::make_shared<const Bytes>(compress_now(segment.data));
    }
    const auto deflated = static_cast<double>(zlib->size());
    if (deflated < worth_deflating * size) {
      esp::ProgressFn scaled = [progress, size, deflated](std::uint64_t done) {
        progress(static_cast<std::uint64_t>(static_cast<double>(done) * size / deflated));
      };
      sent_bytes_ += zlib->size();
      co_return co_await device.loader().write_deflated(segment.offset, size, *zlib,
                                                        std::move(scaled));
    }
  }
  sent_bytes_ += size;
  co_return co_await device.loader().write(segment.offset, segment.data, std::move(progress));
}

net::Task<void> Writer::write_differences(Device& device) {
  const std::uint64_t total = bytes_to_write();
  device.context().step("write", 1 + 20.0 * static_cast<double>(total) / (1 << 20));
  AIOT_CO_CHECK(co_await device.confirm_identity());
  std::uint64_t done = 0;
  device.context().progress(0, total);
  for (const Difference& difference : differences_) {
    const Extent& extent = *difference.extent;
    for (const SectorRange& run : difference.runs) {
      const std::vector<Segment> segments = content_->segments(
          extent, extent.offset + run.first * sector_size, run.count * sector_size);
      for (std::size_t i = 0; i < segments.size(); ++i) {
        const Segment& segment = segments[i];
        // The next one is compressed while this one is on the wire.
        if (i + 1 < segments.size() && segments[i + 1].shared && device.loader().can_deflate()) {
          compressor_.prefetch(segments[i + 1].data);
        }
        esp::ProgressFn progress = [&device, done, total](std::uint64_t bytes) {
          device.context().progress(done + bytes, total);
        };
        Result<void> wrote = co_await write_segment(device, segment, std::move(progress));
        if (!wrote) {
          co_return std::move(wrote).error().with(fmt::format(
              "writing {} at {}", format_size(segment.data.size()), format_hex(segment.offset)));
        }
        done += segment.data.size();
        written_bytes_ += segment.data.size();
      }
    }
  }
  co_return Result<void>();
}

net::Task<void> Writer::verify_written(Device& device) {
  if (!request_.verify) co_return Result<void>();
  device.context().step("verify", 1 + static_cast<double>(bytes_to_write()) / (1 << 20));
  if (!device.loader().can_md5()) {
    device.context().notice("flash.not_verified", "this loader cannot check what was written",
                            "use a stub to verify");
    co_return Result<void>();
  }
  const std::uint64_t total = bytes_to_write();
  std::uint64_t done = 0;
  for (const Difference& difference : differences_) {
    for (const SectorRange& run : difference.runs) {
      for (SectorRange part{run.first, 0}; part.first < run.first + run.count;
           part.first += part.count) {
        part.count = std::min(verify_sectors, run.first + run.count - part.first);
        AIOT_CO_TRY(const bool equal,
                    co_await is_equal(device, *content_, *difference.extent, part));
        const std::uint64_t size = std::uint64_t{part.count} * sector_size;
        if (!equal) {
          const std::uint32_t offset = difference.extent->offset + part.first * sector_size;
          co_return make_error(
              Errc::verify_mismatch,
              fmt::format("{} at {} after writing", format_size(size), format_hex(offset)),
              "the flash may be worn out or write-protected, or its supply too weak");
        }
        done += size;
        device.context().progress(done, total);
      }
    }
  }
  device.context().fields.set("verified", true);
  co_return Result<void>();
}

void Writer::report(Device& device) const {
  Array files;
  for (const Placed& file : content_->plan().files) {
    Object row{{"name", file.name}, {"offset", file.offset}, {"size_bytes", file.size}};
    if (!file.partition.empty()) row.set("partition", file.partition);
    files.emplace_back(std::move(row));
  }
  std::uint64_t sectors = 0;
  for (const Extent& extent : content_->plan().extents) sectors += extent.sectors();
  device.context()
      .fields.set("files", std::move(files))
      .set("size_bytes", content_->plan().size_bytes())
      .set("sectors", sectors)
      .set("sectors_written", (request_.dry_run ? bytes_to_write() : written_bytes_) / sector_size)
      .set("sent_bytes", sent_bytes_)
      .set("dry_run", request_.dry_run);
}

void Writer::prefetch_largest() {
  const Extent* largest = nullptr;
  for (const Extent& extent : content_->plan().extents) {
    if (largest == nullptr || extent.data.size() > largest->data.size()) largest = &extent;
  }
  if (largest == nullptr) return;
  const auto size = static_cast<std::uint32_t>(largest->data.size());
  const std::vector<Segment> segments = content_->segments(*largest, largest->offset, size);
  if (segments.front().shared) compressor_.prefetch(segments.front().data);
}

net::Task<void> Writer::run(Device& device) {
  AIOT_CO_CHECK(check_security(device, request_.session.force));
  AIOT_CO_CHECK(co_await device.prepare(false));
  if (!content_) {
    AIOT_CO_TRY(auto plan, co_await planner_.plan_for(device));
    Content content(std::move(plan));
    if (!request_.erase_all) {
      AIOT_CO_CHECK(co_await keep_neighbours(device, content, request_.session.force));
    }
    content_.emplace(std::move(content));
  }
  if (request_.erase_all && !request_.dry_run && !erased_) {
    device.context().step("erase", 10);
    AIOT_CO_CHECK(co_await device.confirm_identity());
    AIOT_CO_CHECK(co_await device.loader().erase_chip());
    erased_ = true;
  }
  if (device.loader().can_deflate()) prefetch_largest();
  AIOT_CO_CHECK(co_await find_differences(device));
  tried_before_ = true;
  if (!request_.dry_run) {
    if (!differences_.empty()) {
      AIOT_CO_CHECK(co_await write_differences(device));
      AIOT_CO_CHECK(co_await verify_written(device));
    } else {
      device.context().fields.set("verified", true);
    }
  }
  report(device);
  co_return co_await device.leave();
}

}  // namespace

Operation write_operation(Planner& planner, Compressor& compressor, const WriteRequest& request) {
  return [&planner, &compressor, &request](DeviceContext& context) -> net::Task<void> {
    Device device(context);
    Writer writer(planner, compressor, request);
    Attempt attempt = [&writer](Device& reached) { return writer.run(reached); };
    co_return co_await with_recovery(device, std::move(attempt));
  };
}

Result<Report> write(std::span<const Address> devices, const WriteRequest& request, EventSink& sink,
                     std::stop_token stop) {
  AIOT_TRY(Planner planner, Planner::load(request.images, request.header, request.session.force));
  Compressor compressor;
  Environment environment = real_environment();
  return run_gang(devices, request.session, "write", write_operation(planner, compressor, request),
                  environment, sink, std::move(stop));
}

}  // namespace aiot::flash
