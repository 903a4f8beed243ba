#include <fmt/format.h>

#include <algorithm>

#include "aiot/units.hpp"
#include "job/ota/error.hpp"
#include "job/ota/protocol.hpp"
#include "protocol/smp/error.hpp"
#include "protocol/smp/session.hpp"

/// Devices with Zephyr and MCUboot.
namespace aiot::ota {
namespace {

/// A device under way.
class Push {
 public:
  Push(fleet::DeviceRun& run, PushResult& result, const PushImage& image,
       const PushRequest& request, std::unique_ptr<smp::Transport> transport)
      : run_(run),
        result_(result),
        image_(image),
        request_(request),
        transport_(std::move(transport)),
        session_(*transport_) {}

  net::Task<void> send();
  net::Task<void> boot();

 private:
  const smp::ImageSlot* slot_with(ByteSpan hash) const;
  const smp::ImageSlot* active() const;
  void keep(std::vector<smp::ImageSlot> slots);
  net::Task<void> read_slots();
  net::Task<void> wait_for_boot();

  fleet::DeviceRun& run_;
  PushResult& result_;
  const PushImage& image_;
  const PushRequest& request_;
  std::unique_ptr<smp::Transport> transport_;
  smp::Session session_;
  std::vector<smp::ImageSlot> slots_;
};

const smp::ImageSlot* Push::slot_with(ByteSpan hash) const {
  const auto found = std::ranges::find_if(slots_, [&](const smp::ImageSlot& slot) {
    return slot.image == request_.number && std::ranges::equal(slot.hash, hash);
  });
  return found == slots_.end() ? nullptr : &*found;
}

const smp::ImageSlot* Push::active() const {
  const auto found = std::ranges::find_if(slots_, [&](const smp::ImageSlot& slot) {
    return slot.image == request_.number && slot.active;
  });
  return found == slots_.end() ? nullptr : &*found;
}

void Push::keep(std::vector<smp::ImageSlot> slots) {
  slots_ = std::move(slots);
  result_.slots.clear();
  for (const smp::ImageSlot& slot : slots_) {
    result_.slots.push_back({slot.image, slot.slot, slot.version, to_hex(slot.hash), slot.active,
                             slot.confirmed, slot.pending});
  }
}

net::Task<void> Push::read_slots() {
  AIOT_CO_TRY(std::vector<smp::ImageSlot> slots, co_await session_.images());
  keep(std::move(slots));
  co_return Result<void>();
}

net::Task<void> Push::send() {
  run_.step("connect", 1);
  AIOT_CO_CHECK(co_await session_.learn_limits());
  AIOT_CO_CHECK(co_await read_slots());
  if (const smp::ImageSlot* running = active()) result_.version_before = running->version;
  const smp::ImageSlot* there = slot_with(image_.hash);
  if (there != nullptr && there->active && !request_.again) {
    result_.up_to_date = result_.booted = true;
    result_.version_after = there->version;
    co_return Result<void>();
  }
  result_.dry_run = request_.dry_run;
  if (request_.dry_run || (there != nullptr && !there->active))
    co_return Result<void>();  // an earlier run has sent it
  run_.step("upload", 10);
  const net::TimePoint begin = run_.clock().now();
  std::optional<std::uint64_t> had;
  smp::OnProgress progress = [&](std::uint64_t done, std::uint64_t total) {
    if (!had) had = done;
    result_.sent_bytes = done - std::min(done, *had > session_.packet_bytes() ? *had : 0);
    run_.progress(done, total);
  };
  const Result<void> sent =
      co_await session_.upload(image_.bytes, request_.number, std::move(progress));
  result_.upload_seconds = std::chrono::duration<double>(run_.clock().now() - begin).count();
  AIOT_CO_CHECK(sent);
  AIOT_CO_CHECK(co_await read_slots());
  if (slot_with(image_.hash) == nullptr) {
    co_return make_error(smp::Errc::hash_mismatch, "no slot has the image that was sent",
                         "check that the image is for this device's boot loader");
  }
  co_return Result<void>();
}

net::Task<void> Push::boot() {
  const smp::ImageSlot* there = slot_with(image_.hash);
  if (there == nullptr || !there->pending) {
    run_.step("activate", 1);
    AIOT_CO_TRY(std::vector<smp::ImageSlot> slots, co_await session_.test(image_.hash));
    keep(std::move(slots));
  }
  run_.step("reboot", 5);
  AIOT_CO_CHECK(co_await session_.reset());
  if (!request_.wait) co_return Result<void>();
  AIOT_CO_CHECK(co_await wait_for_boot());
  if (!request_.confirm) co_return Result<void>();
  run_.step("confirm", 1);
  const ByteSpan running;
  AIOT_CO_TRY(std::vector<smp::ImageSlot> kept, co_await session_.confirm(running));
  keep(std::move(kept));
  co_return Result<void>();
}

net::Task<void> Push::wait_for_boot() {
  const net::TimePoint deadline = run_.clock().now() + request_.boot_time;
  bool answered = false;
  while (run_.clock().now() < deadline) {
    AIOT_CO_CHECK(
        co_await run_.clock().sleep_until(std::min(deadline, run_.clock().now() + poll_time)));
    Result<void> asked = co_await read_slots();
    if (!asked && asked.error().code == net::Errc::link_lost) {
      Result<void> opened = co_await transport_->reopen(deadline);
      if (!opened && opened.error().code == net::Errc::cancelled) co_return opened;
      continue;
    }
    if (!asked && asked.error().condition() == Condition::cancelled) co_return asked;
    if (!asked) continue;  // it boots
    const smp::ImageSlot* wanted = slot_with(image_.hash);
    if (wanted != nullptr && wanted->active) {
      result_.booted = true;
      result_.version_after = wanted->version;
      co_return Result<void>();
    }
    // Until the reset, the server of the old image goes on answering.
    if (wanted != nullptr && wanted->pending) continue;
    answered = true;
    break;
  }
  if (!answered) {
    co_return make_error(Errc::not_back,
                         fmt::format("waited {}", format_duration(request_.boot_time)),
                         "check the device; the boot loader starts the old image after a reset");
  }
  const smp::ImageSlot* running = active();
  if (running != nullptr) result_.version_after = running->version;
  co_return make_error(Errc::not_booted,
                       fmt::format("it runs {}, not {}", result_.version_after, image_.version),
                       "check that the image is signed with the key that its boot loader has");
}

}  // namespace

net::Task<void> push_smp(fleet::DeviceRun& run, PushResult& result, const PushImage& image,
                         const PushRequest& request, const Environment& environment) {
  run.step("open", 1);
  AIOT_CO_TRY(std::unique_ptr<smp::Transport> transport, co_await environment.open(run));
  Push push(run, result, image, request, std::move(transport));
  AIOT_CO_CHECK(co_await push.send());
  if (!result.up_to_date && !result.dry_run) {
    AIOT_CO_CHECK(co_await push.boot());
  }
  result.confirmed = std::ranges::any_of(result.slots, [&](const SlotInfo& slot) {
    return slot.active && slot.confirmed && slot.hash == result.hash;
  });
  co_return Result<void>();
}

}  // namespace aiot::ota
