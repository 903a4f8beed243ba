#include "job/pair/run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "job/pair/code.hpp"
#include "job/pair/confirm.hpp"
#include "job/pair/key_file.hpp"
#include "job/pair/record.hpp"
#include "job/pair/wifi_join.hpp"
#include "protocol/setup_code/code.hpp"

namespace aiot::pair {
namespace {

using provisioning::Errc;

/// Shares of a device's time that the steps take, as far as one can know beforehand.
constexpr std::array<double, 6> step_weights = {2, 1, 1, 1, 6, 4};

/// A target with the protocol that takes it and all that the request adds.
struct Job {
  const Protocol* protocol = nullptr;
  Target target;
  Request request;
  std::string key;
};

/// Turns what a session reports into events and into the result.
class DeviceFlow final : public provisioning::Flow {
 public:
  DeviceFlow(fleet::DeviceRun& run, const Protocol& protocol, PairResult& result)
      : run_(run), protocol_(protocol), result_(result), begin_(run.clock().now()) {
    enter(0);
  }

  void reached(Stage stage) override {
    const std::chrono::duration<double, std::milli> time = run_.clock().now() - begin_;
    result_.stages.push_back({stage, time.count()});
    const auto index = static_cast<std::size_t>(stage);
    std::string name(stage_names[index]);
    std::ranges::replace(name, '_', ' ');
    run_.log(event::Level::info, fmt::format("{} after {:.0f} ms", name, time.count()));
    enter(index + 1);
  }
  void begin(Stage stage) override {
    const auto index = static_cast<std::size_t>(stage);
    run_.step(std::string(step_names[index]), step_weights[index]);
  }
  void log(std::string text) override { run_.log(event::Level::debug, std::move(text)); }

  bool has(Stage stage) const {
    return std::ranges::find(result_.stages, stage, &StageTime::stage) != result_.stages.end();
  }

 private:
  /// The step that leads to the next stage that this protocol has. There is none to `confirmed`
  /// unless it is begun: a protocol may end before.
  void enter(std::size_t stage) {
    const auto left_out = [&](std::size_t index) {
      return std::ranges::find(protocol_.without, static_cast<Stage>(index)) !=
             protocol_.without.end();
    };
    while (stage < step_names.size() && left_out(stage)) ++stage;
    if (stage >= static_cast<std::size_t>(Stage::confirmed)) return;
    begin(static_cast<Stage>(stage));
  }

  fleet::DeviceRun& run_;
  const Protocol& protocol_;
  PairResult& result_;
  net::TimePoint begin_;
};

void fill(std::string& field, const std::string& value) {
  if (field.empty()) field = value;
}

/// The target's own come first, then what its code says, then those of the request.
void complete(Secrets& secrets, const Secrets& more) {
  fill(secrets.proof, more.proof);
  fill(secrets.username, more.username);
  fill(secrets.passkey, more.passkey);
  fill(secrets.token, more.token);
}

/// What a target is called where everybody may read it.
Address shown_address(const Target& target, std::size_t index) {
  if (!target.address.scheme.empty()) return target.address;
  Address shown;
  shown.scheme = "code";
  shown.path = label_of_code(target.code);
  if (shown.path.empty()) shown.path = fmt::format("{}", index + 1);
  return shown;
}

/// Why no protocol takes the target.
Error refusal(const Target& target, const std::string& shown, std::string_view protocol,
              std::span<const Protocol> protocols) {
  std::vector<std::string_view> names;
  for (const Protocol& one : protocols) names.push_back(one.name);
  if (!protocol.empty()) {
    return make_error(Errc::no_protocol, fmt::format("{}: {}", shown, protocol),
                      fmt::format("the protocols are {}", fmt::join(names, ", ")));
  }
  if (!target.code.empty()) {
    const auto code = setup_code::parse(target.code);
    if (!code) return code.error();
    if (std::holds_alternative<setup_code::Wifi>(*code)) {
      return make_error(Errc::no_protocol, shown + " is a Wi-Fi network",
                        "name a device to pair beside it");
    }
    return make_error(Errc::unsupported_code, shown,
                      fmt::format("the protocols are {}", fmt::join(names, ", ")));
  }
  return make_error(Errc::no_protocol, shown,
                    fmt::format("name one of the protocols: {}", fmt::join(names, ", ")));
}

const Protocol* find_protocol(const Target& target, std::string_view name,
                              std::span<const Protocol> protocols) {
  const auto at = std::ranges::find_if(protocols, [&](const Protocol& protocol) {
    return name.empty() ? protocol.takes(target) : protocol.name == name;
  });
  return at == protocols.end() ? nullptr : &*at;
}

Result<Job> make_job(const Target& target, const std::string& shown, const Request& request,
                     const Environment& environment) {
  Job job{nullptr, target, request, record_key(target)};
  if (!target.code.empty()) {
    AIOT_TRY(const setup_code::Code code, setup_code::parse(target.code).with(shown));
    complete(job.target.secrets, setup_code::secrets_of(code));
  }
  complete(job.target.secrets, request.secrets);
  if (target.wifi) job.request.wifi = target.wifi;
  job.protocol = find_protocol(target, request.protocol, environment.protocols);
  if (job.protocol == nullptr) {
    return refusal(target, shown, request.protocol, environment.protocols);
  }
  if (job.request.wifi) {
    AIOT_CHECK(check_wifi(*job.request.wifi).with(shown));
  }
  if (job.protocol->needs_wifi && !job.request.wifi) {
    return make_error(Errc::missing_wifi, fmt::format("{}: {}", shown, job.protocol->name),
                      "give the network's name and password in a file");
  }
  return job;
}

/// Before a device is touched: one whose keys need a file of their own would find that taken.
Result<void> check_key_files(std::span<const Job> jobs) {
  std::set<std::string> taken;
  for (const Job& job : jobs) {
    const KeyPlace keys(job.target, job.request);
    if (!job.protocol->owns_key_file || keys.empty() || keys.is_folder()) continue;
    if (taken.insert(keys.path()).second) continue;
    return make_error(Errc::shared_token_file, keys.path(), "name a folder");
  }
  return {};
}

/// A job for fleet::run_devices().
class Work {
 public:
  Work(std::span<const Job> jobs, const Environment& environment, PairedRecord* record)
      : jobs_(jobs), environment_(environment), record_(record) {}

  net::Task<void> operator()(fleet::DeviceRun& run, PairResult& result) const {
    const Job& job = jobs_[run.number() - 1];
    result.protocol = job.protocol->name;
    if (record_ != nullptr && record_->has(job.key)) {
      result.skipped = true;
      run.log(event::Level::info, "paired by an earlier run");
      co_return Result<void>();
    }
    result.dry_run = job.request.dry_run;
    if (job.request.dry_run) co_return Result<void>();
    const Secrets& secrets = job.target.secrets;
    std::vector<std::string> secret = {secrets.proof, secrets.passkey, secrets.token};
    if (job.request.wifi) secret.push_back(job.request.wifi->password);
    run.keep_secret(std::move(secret));
    DeviceFlow flow(run, *job.protocol, result);
    Attempt attempt{run, job.target, job.request, result, flow};
    Result<void> paired;
    if (job.request.access_point) {
      paired = co_await pair_there(job, attempt);
    } else {
      paired = co_await job.protocol->pair(attempt);
    }
    const bool confirms =
        job.request.confirm && !flow.has(Stage::confirmed) && environment_.confirm != nullptr;
    if (!paired && confirms && may_have_joined(job, flow, paired.error())) {
      paired = co_await decide(attempt, flow, std::move(paired).error());
    } else if (paired && confirms) {
      flow.begin(Stage::confirmed);
      paired = co_await environment_.confirm(attempt);
      if (paired) flow.reached(Stage::confirmed);
    }
    if (!paired) co_return paired;
    if (record_ != nullptr) {
      AIOT_CO_CHECK(record_->add(job.key, result));
    }
    co_return Result<void>();
  }

 private:
  /// The link was lost after the device had the credentials, or while it got them: many devices
  /// close their access point as soon as they join, before they report it.
  static bool may_have_joined(const Job& job, const DeviceFlow& flow, const Error& error) {
    const auto& without = job.protocol->without;
    const bool has_credentials =
        job.request.wifi.has_value() &&
        std::ranges::find(without, Stage::credentials_sent) == without.end();
    constexpr std::array lost = {Errc::link_lost, Errc::superseded, Errc::no_reply};
    const bool is_lost =
        std::ranges::any_of(lost, [&](Errc one) { return error.code == make_error_code(one); });
    return is_lost && has_credentials && flow.has(Stage::authenticated) && !flow.has(Stage::joined);
  }

  /// Looks for such a device on the target network; `lost` is what it is when it is not there.
  net::Task<void> decide(Attempt& attempt, DeviceFlow& flow, Error lost) const {
    attempt.run.log(event::Level::info,
                    lost.message() + ": looking for the device on the target network");
    Result<void> found = co_await environment_.confirm(attempt);
    if (found) {
      attempt.result.ssid = attempt.request.wifi->ssid;
      flow.reached(Stage::joined);
      flow.reached(Stage::confirmed);
      co_return found;
    }
    if (found.error().code != make_error_code(Errc::not_found)) co_return found;
    lost.hint = "it is not on this host's network either: " +
                (lost.hint.empty() ? "try again" : std::move(lost.hint));
    co_return lost;
  }

  /// At the device's access point, and back again whatever comes of it.
  static net::Task<void> pair_there(const Job& job, Attempt& attempt) {
    auto visit = co_await AccessPointVisit::begin(*job.request.access_point, attempt.run.clock());
    if (!visit) co_return std::move(visit).error();
    attempt.visit = visit->get();
    Result<void> paired = co_await job.protocol->pair(attempt);
    Result<void> left = co_await (*visit)->leave();
    if (paired) co_return left;
    if (!left && left.error().condition() != Condition::cancelled) {
      attempt.run.notice("pair.wifi_not_restored",
                         "this machine's Wi-Fi is not back: " + left.error().message(),
                         "bring it back before the next device");
    }
    co_return paired;
  }

  std::span<const Job> jobs_;
  const Environment& environment_;
  PairedRecord* record_;
};

fleet::Batch batch_of(const Request& request, const Environment& environment) {
  fleet::Batch batch;
  batch.job = "pair";
  batch.errors = {make_error_code(Errc::no_targets), make_error_code(Errc::same_target),
                  make_error_code(Errc::shared_trace), make_error_code(Errc::cancelled),
                  make_error_code(Errc::device_timeout)};
  batch.clock = environment.clock;
  batch.at_once = request.jobs;
  batch.timeout = request.timeout;
  batch.trace_file = request.trace_file;
  return batch;
}

}  // namespace

Result<Report> run_in(std::span<const Target> targets, const Request& request,
                      const Environment& environment, EventSink& sink, std::stop_token stop) {
  std::vector<Address> addresses;
  std::vector<Job> jobs;
  for (const Target& target : targets) {
    addresses.push_back(shown_address(target, addresses.size()));
    AIOT_TRY(Job job, make_job(target, addresses.back().str(), request, environment));
    jobs.push_back(std::move(job));
  }
  AIOT_CHECK(check_key_files(jobs));
  const fleet::Batch batch = batch_of(request, environment);
  AIOT_CHECK(fleet::check_batch(addresses, batch));
  std::optional<PairedRecord> record;
  if (!request.record_file.empty()) {
    AIOT_TRY(record, PairedRecord::open(request.record_file, environment.now));
  }
  const Work work(jobs, environment, record ? &*record : nullptr);
  Report report;
  AIOT_TRY(report.devices,
           fleet::run_devices<PairResult>(addresses, batch, sink, std::move(stop), work));
  return report;
}

Result<Report> run(std::span<const Target> targets, const Request& request, EventSink& sink,
                   std::stop_token stop) {
  const Environment environment{protocols(), &net::steady_clock(), std::chrono::system_clock::now,
                                confirm};
  return run_in(targets, request, environment, sink, std::move(stop));
}

bool takes(const Target& target, std::string_view protocol) {
  return std::ranges::any_of(protocols(), [&](const Protocol& one) {
    return (protocol.empty() || one.name == protocol) && one.takes(target);
  });
}

std::vector<ProtocolInfo> protocol_list() {
  std::vector<ProtocolInfo> list;
  for (const Protocol& protocol : protocols()) {
    list.push_back({std::string(protocol.name), std::string(protocol.summary)});
  }
  return list;
}

}  // namespace aiot::pair
