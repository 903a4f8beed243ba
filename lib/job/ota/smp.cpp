#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "aiot/ota_smp.hpp"
#include "image/files.hpp"
#include "job/ota/error.hpp"
#include "job/ota/protocol.hpp"
#include "protocol/smp/management.hpp"

/// One SMP request, or the few that a file takes.
namespace aiot::ota {
namespace {

constexpr SchemaInfo smp_schema = {"aiot.ota.smp/1", "Result of `aiotctl ota smp`"};
constexpr std::size_t longest_file_bytes = std::size_t{64} << 20;

/// A device under way.
struct SmpWork {
  fleet::DeviceRun& run;
  SmpResult& result;
  const SmpRequest& request;
  smp::Session& session;

  const std::string& word(std::size_t at) const { return request.words.at(at); }
  smp::OnProgress progress() const {
    return [this](std::uint64_t done, std::uint64_t total) {
      result.bytes = done;
      run.progress(done, total);
    };
  }
  void keep(const std::vector<smp::ImageSlot>& slots) const {
    for (const smp::ImageSlot& slot : slots) {
      result.slots.push_back({slot.image, slot.slot, slot.version, to_hex(slot.hash), slot.active,
                              slot.confirmed, slot.pending});
    }
  }
};

net::Task<void> echo(SmpWork& work) {
  AIOT_CO_TRY(work.result.text, co_await work.session.echo(work.word(0)));
  co_return Result<void>();
}
net::Task<void> info(SmpWork& work) {
  AIOT_CO_TRY(work.result.text, co_await smp::os_info(work.session));
  co_return Result<void>();
}
net::Task<void> params(SmpWork& work) {
  AIOT_CO_TRY(const smp::Limits limits, co_await smp::limits(work.session));
  work.result.values = {{"buf_size", limits.buffer_bytes}, {"buf_count", limits.buffers}};
  co_return Result<void>();
}
net::Task<void> images(SmpWork& work) {
  AIOT_CO_TRY(const std::vector<smp::ImageSlot> slots, co_await work.session.images());
  work.keep(slots);
  co_return Result<void>();
}
net::Task<void> test(SmpWork& work) {
  const Bytes hash = from_hex(work.word(0)).value_or(Bytes());
  AIOT_CO_TRY(const std::vector<smp::ImageSlot> slots, co_await work.session.test(hash));
  work.keep(slots);
  co_return Result<void>();
}
net::Task<void> confirm(SmpWork& work) {
  const Bytes hash =
      work.request.words.empty() ? Bytes() : from_hex(work.word(0)).value_or(Bytes());
  AIOT_CO_TRY(const std::vector<smp::ImageSlot> slots, co_await work.session.confirm(hash));
  work.keep(slots);
  co_return Result<void>();
}
net::Task<void> erase(SmpWork& work) {
  Result<void> erased = co_await work.session.erase(1);
  co_return erased;
}
net::Task<void> reset(SmpWork& work) {
  Result<void> done = co_await work.session.reset();
  co_return done;
}
net::Task<void> shell(SmpWork& work) {
  std::vector<std::string> words = work.request.words;
  AIOT_CO_TRY(smp::ShellReply reply, co_await smp::run_shell(work.session, std::move(words)));
  work.result.text = std::move(reply.output);
  work.result.status = reply.status;
  co_return Result<void>();
}
net::Task<void> stat(SmpWork& work) {
  if (work.request.words.empty()) {
    AIOT_CO_TRY(work.result.names, co_await smp::statistics_groups(work.session));
    co_return Result<void>();
  }
  std::string group = work.word(0);
  AIOT_CO_TRY(const smp::Statistics found,
              co_await smp::statistics(work.session, std::move(group)));
  for (const auto& [name, value] : found) work.result.values.push_back({name, value});
  co_return Result<void>();
}
net::Task<void> download(SmpWork& work) {
  std::string name = work.word(0);
  smp::OnProgress progress = work.progress();
  AIOT_CO_TRY(const Bytes content, co_await smp::download(work.session, std::move(name),
                                                          longest_file_bytes, std::move(progress)));
  work.result.bytes = content.size();
  co_return image::write_file(work.word(1), content);
}
net::Task<void> upload(SmpWork& work) {
  AIOT_CO_TRY(const Bytes content, image::read_file(work.word(0)));
  AIOT_CO_CHECK(co_await work.session.learn_limits());
  std::string name = work.word(1);
  smp::OnProgress progress = work.progress();
  Result<void> sent =
      co_await smp::upload_file(work.session, std::move(name), content, std::move(progress));
  co_return sent;
}

/// One row for each: NAME, its words, how it is done.
struct Row {
  std::string_view name;
  std::string_view words;
  std::size_t least;
  std::size_t most;
  net::Task<void> (*work)(SmpWork&);
};
constexpr std::size_t many = 64;
constexpr std::array<Row, 12> rows = {{
    {"echo", "TEXT", 1, 1, echo},
    {"info", "", 0, 0, info},
    {"params", "", 0, 0, params},
    {"images", "", 0, 0, images},
    {"test", "HASH", 1, 1, test},
    {"confirm", "[HASH]", 0, 1, confirm},
    {"erase", "", 0, 0, erase},
    {"reset", "", 0, 0, reset},
    {"shell", "WORD…", 1, many, shell},
    {"stat", "[GROUP]", 0, 1, stat},
    {"download", "NAME FILE", 2, 2, download},
    {"upload", "FILE NAME", 2, 2, upload},
}};

Result<const Row*> find_row(const SmpRequest& request) {
  const auto row = std::ranges::find(rows, request.action, &Row::name);
  if (row == rows.end()) {
    std::string names;
    for (const Row& each : rows) names += fmt::format("{}{}", names.empty() ? "" : ", ", each.name);
    return make_error(Errc::bad_action, request.action, "the actions are " + names);
  }
  if (request.words.size() < row->least || request.words.size() > row->most) {
    return make_error(Errc::bad_action, request.action,
                      row->words.empty() ? fmt::format("{} takes no word", row->name)
                                         : fmt::format("write {} {}", row->name, row->words));
  }
  const bool hash = row->words.find("HASH") != std::string_view::npos && !request.words.empty();
  if (hash && !from_hex(request.words.front())) {
    return make_error(Errc::bad_action, request.words.front(),
                      "write the hash as images shows it: hexadecimal");
  }
  return &*row;
}

}  // namespace

SchemaInfo schema_of(const SmpResult&) { return smp_schema; }
SchemaInfo schema_of(const SmpReport&) { return smp_schema; }

void describe(FieldVisitor& v, SmpValue& value) {
  v("name", value.name, "name of the number");
  v("value", value.value, "the number");
}
void describe(FieldVisitor& v, SmpResult& result) {
  v("action", result.action, "what was asked");
  v("text", result.text, "answer in words", Presence::if_set);
  v("status", result.status, "status of a command of the shell");
  v("names", result.names, "groups of statistics");
  v("values", result.values, "numbers");
  v("slots", result.slots, "the device's slots");
  v("bytes", result.bytes, "bytes of a file that were transferred");
  v("seconds", result.seconds, "time that this device took", Presence::if_set);
}
void describe(FieldVisitor& v, SmpReport& report) {
  v("devices", report.devices, "one for each device, in the order given");
}

Result<SmpReport> smp(std::span<const Address> devices, const SmpRequest& request, EventSink& sink,
                      std::stop_token stop) {
  AIOT_TRY(const Row* row, find_row(request));
  fleet::Batch batch;
  batch.job = "ota smp";
  batch.errors = {make_error_code(Errc::no_devices), make_error_code(Errc::same_device),
                  make_error_code(Errc::shared_trace), make_error_code(Errc::cancelled),
                  make_error_code(Errc::device_timeout)};
  batch.clock = &net::steady_clock();
  batch.schemes = protocols().front().schemes;  // those of SMP
  batch.timeout = request.timeout;
  const auto work = [&](fleet::DeviceRun& run, SmpResult& result) -> net::Task<void> {
    result.action = request.action;
    run.step("open", 1);
    AIOT_CO_TRY(std::unique_ptr<smp::Transport> transport, co_await open_transport(run));
    run.step(request.action, 1);
    smp::Session session(*transport);
    SmpWork device{run, result, request, session};
    Result<void> done = co_await row->work(device);
    if (!done) co_return with_action(std::move(done).error(), "device");
    co_return done;
  };
  SmpReport report;
  AIOT_TRY(report.devices,
           fleet::run_devices<SmpResult>(devices, batch, sink, std::move(stop), work));
  return report;
}

}  // namespace aiot::ota
