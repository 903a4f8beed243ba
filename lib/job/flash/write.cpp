#include <fmt/format.h>

#include <algorithm>

#include "aiot/units.hpp"
#include "job/flash/boot.hpp"
#include "job/flash/error.hpp"
#include "job/flash/session.hpp"

namespace aiot::flash {
namespace {

/// Sectors of one extent that differ on the device.
struct Difference {
  const Extent* extent = nullptr;
  std::vector<SectorRange> runs;
};

/// Seconds for a sector on the wire and into flash: 10 bits a byte, code that deflates to 45 %,
/// and a typical sector's erase and program times.
double write_sector_cost(std::uint32_t baud_bps) {
  constexpr double deflated = 0.45;
  constexpr double erase_and_program = 0.05;
  return sector_size * deflated * 10 / baud_bps + erase_and_program;
}

/// Seconds for an MD5 command and its answer on the wire, and for the host's turn.
double command_cost(std::uint32_t baud_bps) {
  constexpr double wire_bytes = 26 + 28;
  constexpr double turn_around = 0.002;
  return wire_bytes * 10 / baud_bps + turn_around;
}

net::Task<bool> gap_is_erased(Device& device, const Gap& gap) {
  const Bytes erased(gap.size, 0xFF);
  AIOT_CO_TRY(const crypto::Md5 there, co_await device.loader().md5(gap.offset, gap.size));
  co_return there == crypto::md5(erased);
}

/// Reads back what the plan's gaps hold on this device, so that neighbours keep their bytes. An
/// erased gap costs one MD5. Errc::cannot_keep where the loader can neither hash nor read, unless
/// `give_up`: then such bytes become FF, with a notice.
net::Task<void> keep_neighbours(Device& device, Content& content, bool give_up) {
  for (const Extent& extent : content.plan().extents) {
    for (const Gap& gap : extent.gaps) {
      if (device.loader().can_md5()) {
        AIOT_CO_TRY(const bool erased, co_await gap_is_erased(device, gap));
        if (erased) continue;
      }
      if (!device.loader().can_read()) {
        const std::string where = fmt::format("{} bytes at {}", gap.size, format_hex(gap.offset));
        if (!give_up) {
          co_return make_error(
              Errc::cannot_keep, where,
              "use a stub, or write whole sectors, or accept that they are erased");
        }
        device.run().notice("flash.neighbours_erased",
                            where + " share a sector with the image and are erased");
        continue;
      }
      AIOT_CO_TRY(const Bytes bytes, co_await device.read_bytes(gap.offset, gap.size));
      content.keep(extent, gap, bytes);
    }
  }
  co_return Result<void>();
}

/// Whether the range is equal on the device.
net::Task<bool> is_equal(Device& device, const Content& content, const Extent& extent,
                         SectorRange range) {
  const std::uint32_t offset = extent.offset + range.first * sector_size;
  const std::uint32_t size = range.count * sector_size;
  AIOT_CO_TRY(const crypto::Md5 there, co_await device.loader().md5(offset, size));
  co_return there == content.md5(extent, offset, size);
}

/// Finds what differs, by MD5 on the device. Costs are those of the wire at hand.
net::Task<std::vector<Difference>> compare(Device& device, const Content& content) {
  const std::uint32_t baud = device.loader().baud_bps();
  DiffCost cost;
  cost.command = command_cost(baud);
  cost.write_sector = write_sector_cost(baud);
  const std::uint64_t total = content.plan().size_bytes();
  std::uint64_t compared = 0;
  std::vector<Difference> found;
  for (const Extent& extent : content.plan().extents) {
    DiffScan scan(extent.sectors(), cost);
    while (const auto range = scan.next()) {
      AIOT_CO_TRY(const bool equal, co_await is_equal(device, content, extent, *range));
      scan.answer(equal);
      const std::uint64_t reached = std::uint64_t{range->first + range->count} * sector_size;
      device.run().progress(compared + reached, total);
    }
    compared += extent.data.size();
    std::vector<SectorRange> runs = scan.changed();
    if (!runs.empty()) found.push_back({&extent, std::move(runs)});
  }
  co_return found;
}

/// Everything, for a loader that cannot hash and for a full write.
std::vector<Difference> everything(const Content& content) {
  std::vector<Difference> all;
  for (const Extent& extent : content.plan().extents) {
    all.push_back({&extent, {{0, extent.sectors()}}});
  }
  return all;
}

/// A stream that is hardly smaller than its data costs more in inflating than it saves.
constexpr double worth_deflating = 0.98;
/// Checked in one MD5: a fifth of a second, so that a bar moves.
constexpr std::uint32_t verify_sectors = 128;

/// One device's write, over all its attempts.
class Writer {
 public:
  Writer(Device& device, WriteResult& result, Planner& planner, Compressor& compressor,
         const WriteRequest& request)
      : device_(device),
        result_(result),
        planner_(planner),
        compressor_(compressor),
        request_(request) {}

  /// One attempt: compare, write what differs, verify.
  net::Task<void> run();
  /// After a failure: says so when a part of the flash is old and a part is new.
  void report_half_written();

 private:
  /// A fresh device will want the largest extent whole: it is compressed while it is compared.
  void prefetch_largest();
  net::Task<void> find_differences();
  net::Task<void> write_differences();
  net::Task<void> write_segment(const Segment& segment, esp::ProgressFn progress);
  net::Task<void> verify_written();
  void report();
  std::uint64_t bytes_to_write() const;

  Device& device_;
  WriteResult& result_;
  Planner& planner_;
  Compressor& compressor_;
  const WriteRequest& request_;
  std::optional<Content> content_;
  std::vector<Difference> differences_;
  bool tried_before_ = false;
  bool erased_ = false;
  bool begun_ = false;  ///< a write that has not come to its end
  std::uint64_t written_bytes_ = 0;
  std::uint64_t sent_bytes_ = 0;
};

net::Task<void> Writer::find_differences() {
  device_.run().step("compare", 2);
  // What an earlier try has written is found by comparing, also in a full write.
  const bool can_compare = device_.loader().can_md5() && (!request_.full || tried_before_);
  if (can_compare) {
    AIOT_CO_TRY(differences_, co_await compare(device_, *content_));
  } else {
    differences_ = everything(*content_);
  }
  const std::string size = format_size(content_->plan().size_bytes());
  const std::string what = can_compare ? fmt::format("compared {}, of which {} differ", size,
                                                     format_size(bytes_to_write()))
                                       : fmt::format("writing all of {}", size);
  device_.run().log(event::Level::info, what);
  co_return Result<void>();
}

std::uint64_t Writer::bytes_to_write() const {
  std::uint64_t bytes = 0;
  for (const Difference& difference : differences_) {
    for (const SectorRange& run : difference.runs) bytes += std::uint64_t{run.count} * sector_size;
  }
  return bytes;
}

net::Task<void> Writer::write_segment(const Segment& segment, esp::ProgressFn progress) {
  const auto size = static_cast<std::uint32_t>(segment.data.size());
  if (device_.loader().can_deflate()) {
    std::shared_ptr<const Bytes> zlib;
    if (segment.shared) {
      AIOT_CO_TRY(zlib, co_await compressor_.get(segment.data, device_.run().clock()));
    } else {
      zlib = std::make_shared<const Bytes>(compress_now(segment.data));
    }
    const auto deflated = static_cast<double>(zlib->size());
    if (deflated < worth_deflating * size) {
      esp::ProgressFn scaled = [progress, size, deflated](std::uint64_t done) {
        progress(static_cast<std::uint64_t>(static_cast<double>(done) * size / deflated));
      };
      sent_bytes_ += zlib->size();
      co_return co_await device_.loader().write_deflated(segment.offset, size, *zlib,
                                                         std::move(scaled));
    }
  }
  sent_bytes_ += size;
  co_return co_await device_.loader().write(segment.offset, segment.data, std::move(progress));
}

net::Task<void> Writer::write_differences() {
  const std::uint64_t total = bytes_to_write();
  device_.run().step("write", 1 + 20.0 * static_cast<double>(total) / (1 << 20));
  AIOT_CO_CHECK(co_await device_.confirm_identity());
  begun_ = true;
  std::uint64_t done = 0;
  device_.run().progress(0, total);
  for (const Difference& difference : differences_) {
    const Extent& extent = *difference.extent;
    for (const SectorRange& run : difference.runs) {
      const std::vector<Segment> segments = content_->segments(
          extent, extent.offset + run.first * sector_size, run.count * sector_size);
      for (std::size_t i = 0; i < segments.size(); ++i) {
        const Segment& segment = segments[i];
        // The next one is compressed while this one is on the wire.
        if (i + 1 < segments.size() && segments[i + 1].shared && device_.loader().can_deflate()) {
          compressor_.prefetch(segments[i + 1].data);
        }
        esp::ProgressFn progress = [this, done, total](std::uint64_t bytes) {
          device_.run().progress(done + bytes, total);
        };
        Result<void> wrote = co_await write_segment(segment, std::move(progress));
        if (!wrote) {
          co_return std::move(wrote).error().with(fmt::format(
              "writing {} at {}", format_size(segment.data.size()), format_hex(segment.offset)));
        }
        done += segment.data.size();
        written_bytes_ += segment.data.size();
      }
    }
  }
  begun_ = false;
  co_return Result<void>();
}

void Writer::report_half_written() {
  if (!begun_ && !(erased_ && written_bytes_ == 0)) return;
  device_.run().notice(
      "flash.half_written",
      fmt::format("the flash is half written, and the application may not start: {} of {}"
                  " are new",
                  format_size(written_bytes_), format_size(content_->plan().size_bytes())),
      "write it again: what is there already is not written twice");
}

net::Task<void> Writer::verify_written() {
  if (!request_.verify) co_return Result<void>();
  device_.run().step("verify", 1 + static_cast<double>(bytes_to_write()) / (1 << 20));
  if (!device_.loader().can_md5()) {
    device_.run().notice("flash.not_verified", "this loader cannot check what was written",
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
                    co_await is_equal(device_, *content_, *difference.extent, part));
        const std::uint64_t size = std::uint64_t{part.count} * sector_size;
        if (!equal) {
          const std::uint32_t offset = difference.extent->offset + part.first * sector_size;
          co_return make_error(
              Errc::verify_mismatch,
              fmt::format("{} at {} after writing", format_size(size), format_hex(offset)),
              "the flash may be worn out or write-protected, or its supply too weak");
        }
        done += size;
        device_.run().progress(done, total);
      }
    }
  }
  result_.verified = true;
  co_return Result<void>();
}

void Writer::report() {
  const Plan& plan = content_->plan();
  result_.files.clear();
  for (const Placed& file : plan.files) {
    result_.files.push_back({file.name, file.offset, file.size, file.partition, {}});
  }
  result_.size_bytes = plan.size_bytes();
  result_.sectors = plan.size_bytes() / sector_size;
  result_.sectors_written = (request_.dry_run ? bytes_to_write() : written_bytes_) / sector_size;
  result_.sent_bytes = sent_bytes_;
  result_.dry_run = request_.dry_run;
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

net::Task<void> Writer::run() {
  AIOT_CO_CHECK(device_.check_security());
  AIOT_CO_CHECK(co_await device_.prepare(false));
  if (!content_) {
    AIOT_CO_TRY(auto plan, co_await planner_.plan_for(device_));
    Content content(std::move(plan));
    if (!request_.erase_all) {
      AIOT_CO_CHECK(co_await keep_neighbours(device_, content, request_.session.force));
    }
    content_.emplace(std::move(content));
  }
  if (request_.erase_all && !request_.dry_run && !erased_) {
    device_.run().step("erase", 10);
    AIOT_CO_CHECK(co_await device_.confirm_identity());
    AIOT_CO_CHECK(co_await device_.loader().erase_chip());
    erased_ = true;
  }
  if (device_.loader().can_deflate()) prefetch_largest();
  AIOT_CO_CHECK(co_await find_differences());
  tried_before_ = true;
  if (!request_.dry_run) {
    if (!differences_.empty()) {
      AIOT_CO_CHECK(co_await write_differences());
      AIOT_CO_CHECK(co_await verify_written());
    } else {
      result_.verified = true;
    }
  }
  report();
  const bool check = request_.boot && !request_.dry_run;
  AIOT_CO_CHECK(co_await device_.leave(check));
  if (!check) co_return Result<void>();
  AIOT_CO_CHECK(co_await device_.set_console_baud(request_.boot->baud_bps));
  co_return co_await check_boot(device_, result_.boot.emplace(), *request_.boot);
}

}  // namespace

net::Task<void> write_device(Device& device, WriteResult& result, Planner& planner,
                             Compressor& compressor, const WriteRequest& request) {
  Writer writer(device, result, planner, compressor, request);
  Attempt attempt = [&writer] { return writer.run(); };
  Result<void> done = co_await with_recovery(device, std::move(attempt));
  if (!done) writer.report_half_written();
  co_return done;
}

Result<Report<WriteResult>> write(std::span<const Address> devices, const WriteRequest& request,
                                  EventSink& sink, std::stop_token stop) {
  if (request.boot) {
    // Before any device is touched.
    AIOT_CHECK(BootWatch::make(*request.boot));
    if (request.session.after != After::reset) {
      return make_error(Errc::boot_in_loader, {}, "let the device run its application");
    }
  }
  AIOT_TRY(Planner planner, Planner::load(request.images, request.header, request.session.force));
  Compressor compressor;
  Environment environment = real_environment();
  return run_batch<WriteResult>(devices, request.session, environment, sink, std::move(stop),
                                [&](Device& device, WriteResult& result) {
                                  return write_device(device, result, planner, compressor, request);
                                });
}

}  // namespace aiot::flash
