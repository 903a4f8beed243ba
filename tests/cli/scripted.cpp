#include "scripted.hpp"

#include <array>
#include <condition_variable>
#include <mutex>

namespace aiot::cli::test {
namespace {

enum class Errc { busy = 1, secured, timeout, mismatch, cancelled, hostile };
constexpr std::array<ErrorRow, 6> rows = {{
    {1, "port.busy", "the port is in use", Condition::resource, true},
    {2, "flash.secured", "the device's security settings forbid it", Condition::refused_security},
    {3, "link.timeout", "timed out", Condition::timeout, true},
    {4, "flash.verify_mismatch", "the flash differs from the files", Condition::mismatch},
    {5, "flash.cancelled", "stopped before it was done", Condition::cancelled},
    {6, "esp.refused", "the loader refused", Condition::protocol},
}};
const ErrorTable table("scripted", rows);

std::optional<Error> error_of(const Address& device) {
  const std::string name = device.host + device.path;
  for (const auto& [word, code] : {std::pair{"busy", Errc::busy},
                                   {"secured", Errc::secured},
                                   {"timeout", Errc::timeout},
                                   {"mismatch", Errc::mismatch},
                                   {"cancelled", Errc::cancelled},
                                   {"wait", Errc::cancelled},
                                   {"hostile", Errc::hostile}}) {
    if (name.find(word) == std::string::npos) continue;
    Error error({static_cast<int>(code), table}, "opening", "close the other program");
    if (code == Errc::hostile) error.peer_text = "\x1b[2J\xff";
    return error;
  }
  return std::nullopt;
}

/// Until a stop is requested; a "stuck" device does not mind one.
void wait_for_stop(const Address& device, std::stop_token stop) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any changed;
  if (device.host == "wait") changed.wait(lock, stop, [] { return false; });
  if (device.host == "stuck") changed.wait(lock, [] { return false; });
}

template <class Request, class T>
Environment::FlashJob<Request, T> job() {
  return [](std::span<const Address> devices, const Request&, EventSink& sink,
            std::stop_token stop) -> Result<flash::Report<T>> {
    flash::Report<T> report;
    for (const Address& device : devices) {
      if (device.host == "wait" || device.host == "stuck") {
        sink.on_event(event::Notice{device.str(), "test.waiting", "waiting", ""});
      }
      wait_for_stop(device, stop);
      report.devices.push_back(play<T>(device, sink));
    }
    return report;
  };
}

/// One device as the discover job reports it.
discover::DeviceRecord found_device(const std::string& id, const std::string& name,
                                    const std::string& ecosystem, const std::string& address) {
  discover::DeviceRecord out{.id = id, .name = name, .ecosystem = ecosystem};
  out.state = discover::DeviceState::unprovisioned;
  out.jobs = {"pair", "listen"};
  out.addresses = {*parse_address(address)};
  out.vendor = "A maker";
  out.ips = {"192.0.2.7"};
  out.rssi_dbm = -61;
  out.sources = {"mdns"};
  out.facts = Object{{"mdns.txt.md", "x"}};
  out.evidence = {{"ecosystem", ecosystem, "mdns", 0.9, "it offers _x._tcp"}};
  return out;
}

/// Two devices; none with the filter "none"; one that is not let end with "wait", until a stop.
Result<discover::Report> find_devices(const discover::Request& request, EventSink& sink,
                                      std::stop_token stop) {
  const std::vector<discover::DeviceRecord> all = {
      found_device("00000000aaaa", "Lamp", "Matter", "udp://192.0.2.7:5540"),
      found_device("00000000bbbb", "\x1b[2J\xff", "Tuya", "tcp://fine:1")};
  discover::Report report;
  for (const discover::DeviceRecord& device : all) {
    if (request.where == "none") break;
    report.devices.push_back(device);
    sink.on_event(event::Item{device.id, "found", device});
  }
  const bool waits = request.watch || request.where == "wait";
  if (waits) {
    discover::DeviceRecord lost = all[0];
    lost.lost_reason = "silent";
    sink.on_event(event::Item{"00000000aaaa", "lost", lost});
    sink.on_event(event::Notice{"", "test.waiting", "waiting", ""});
    Address device;
    device.host = "wait";
    wait_for_stop(device, stop);
  }
  report.sources = {{"ble", discover::SourceState::no_adapter, "none", "plug one in"},
                    {"mdns", discover::SourceState::ran, "", ""}};
  report.complete = request.watch || !waits;
  report.seconds = 3;
  return report;
}

/// 2026-11-24T06:33:38.123456Z
constexpr listen::SystemTime first_time{std::chrono::microseconds(1795502018'123456)};

listen::Message message_from(const Address& source, std::string payload,
                             listen::SystemTime time = first_time) {
  listen::Message message{.payload = std::move(payload)};
  message.source = source.str();
  message.time = time;
  return message;
}

/// Each address sends three messages: a line, something that could act on a terminal, and no text.
Result<listen::Report> listen_job(std::span<const Address> sources, const listen::Request& request,
                                  EventSink& sink, std::stop_token stop) {
  listen::Report report;
  const std::vector<std::string> words = {"ready", "\x1b[31mred\x1b[0m\x1b[2J",
                                          std::string("\xff\xfe\0bin", 6)};
  if (request.keep > 0) report.heard.emplace();
  for (const Address& source : sources) {
    // Waiting is what listening is: a stop is no error.
    if (source.host != "wait") report.error = error_of(source);
    for (const std::string& word : words) {
      listen::Message message = message_from(source, word);
      if (report.heard) report.heard->push_back(message);
      sink.on_event(event::Item{source.str(), "message", std::move(message)});
    }
    sink.on_pause();
    if (request.input) {
      sink.on_event(event::Notice{source.str(), "test.waiting", "waiting", ""});
      for (std::string keys = request.input(stop); !keys.empty(); keys = request.input(stop)) {
        sink.on_event(event::Item{source.str(), "message", message_from(source, "<" + keys + ">")});
        sink.on_pause();
      }
    }
    wait_for_stop(source, stop);
    report.sources.push_back({source.str(), 3, 29, 0, std::nullopt});
  }
  if (report.error && report.error->condition() != Condition::timeout) {
    report.sources.front().error = std::exchange(report.error, std::nullopt);
  }
  report.messages = 3;
  report.bytes = 29;
  report.seconds = 0.5;
  return report;
}

/// One model that was measured, or "slow.tflite", which is worse than its baseline.
Result<bench::Report> bench_run(const bench::Request& request, EventSink& sink, std::stop_token) {
  bench::Report report;
  const std::string name = request.models.empty() ? "kws" : request.models.front();
  report.models = 1;
  sink.on_event(event::Started{name, "bench run"});
  sink.on_event(event::Notice{name, "bench.busy", "other processes used 75 % of the CPUs", "stop"});
  bench::RunResult& run = report.result;
  run.machine.cpu_model = "A CPU";
  run.machine.cpus = 2;
  run.complete = true;
  bench::ModelResult model;
  model.name = name;
  model.description = "\x1b[2J";
  model.engine = "reference avx2";
  model.complete = true;
  model.latency.runs = 100;
  model.latency.min_us = 9;
  model.latency.p50_us = 10;
  model.latency.p90_us = 11;
  model.latency.p99_us = 1200;
  model.latency.p999_us = model.latency.max_us = 1300;
  model.latency.mean_us = 12;
  model.latency.stddev_us = 1;
  model.runs_per_s = 100'000;
  model.reached_runs_per_s = 62'500;
  model.gmacs_per_s = 200;
  model.memory = {4096, 8192, 9000, 1 << 20};
  model.operators = {{0, "CONV_2D", {1, 2, 2, 8}, 8, 0.8, 2'000'000, 5000, 250, 0.5}};
  model.groups = {{"CONV_2D", 1, 8, 0.8, 2'000'000, 250}};
  model.disturbances = {{"bench.busy", "other processes were busy", "stop them"}};
  bench::Accuracy& accuracy = model.accuracy.emplace();
  accuracy.files = 4;
  accuracy.right = 3;
  accuracy.form = "int8";
  accuracy.top1 = bench::Share{0.75, 0.3, 0.95, "Wilson, 95 %"};
  accuracy.confusion = {{2, 0}, {1, 1}};
  run.models.push_back(model);
  if (name == "slow.tflite") {
    report.failures.push_back(
        {name, "compare",
         Error({static_cast<int>(Errc::mismatch), table}, "the median is 9 % above", "")});
    sink.on_event(event::Failed{name, "compare", report.failures[0].error});
  } else {
    sink.on_event(event::Finished{name, model});
  }
  return report;
}

/// Gives each input back, turned round.
Result<bench::Inference> bench_infer(const bench::InferRequest& request) {
  bench::Inference done;
  for (const Bytes& input : request.inputs) {
    done.outputs.emplace_back(input.rbegin(), input.rend());
  }
  done.result.name = request.model;
  return done;
}

}  // namespace

std::optional<Error> scripted_error(const Address& device) { return error_of(device); }

void play(const Address& device, const std::string& job_name, const std::optional<Error>& error,
          const Document& result, EventSink& sink) {
  const std::string name = device.str();
  sink.on_event(event::Started{name, job_name});
  sink.on_event(event::Step{name, "connect", 0.1});
  if (error) {
    sink.on_event(event::Failed{name, "connect", *error});
    return;
  }
  sink.on_event(event::Log{name, event::Level::info, "the loader is the ROM"});
  sink.on_event(event::Log{name, event::Level::debug, "three bytes"});
  sink.on_event(event::Step{name, "write app.bin", 0.9});
  for (std::uint64_t done = 0; done <= 1024; done += 64) {
    sink.on_event(event::Progress{name, done, 1024, "B"});
  }
  sink.on_event(event::Finished{name, result});
}

namespace {

Result<pair::Report> pair_job(std::span<const pair::Target> targets, const pair::Request& request,
                              EventSink& sink, std::stop_token) {
  pair::Report report;
  for (const pair::Target& target : targets) {
    DeviceReport<pair::PairResult> device;
    device.device = target.address;
    if (target.address.scheme.empty()) device.device = *parse_address("code:1");
    device.error = error_of(device.device);
    if (device.error) device.step = "connect";
    device.result.protocol = "toy";
    device.result.stages = {{pair::Stage::found, 1.5}};
    device.result.dry_run = request.dry_run;
    device.result.networks = {{"home", "24:0a:c4:00:00:02", 6, -50, "wpa2"}};
    if (!device.error && request.wifi) device.result.ssid = request.wifi->ssid;
    device.result.seconds = 0.25;
    play(device.device, "pair", device.error, device.result, sink);
    report.devices.push_back(std::move(device));
  }
  return report;
}

}  // namespace

Environment scripted_environment() {
  Environment e;
  e.write = job<flash::WriteRequest, flash::WriteResult>();
  e.verify = job<flash::VerifyRequest, flash::VerifyResult>();
  e.read = job<flash::ReadRequest, flash::ReadResult>();
  e.erase = job<flash::EraseRequest, flash::EraseResult>();
  e.info = job<flash::InfoRequest, flash::InfoResult>();
  e.reset = job<flash::ResetRequest, flash::ResetResult>();
  e.expand_usb = [](const Address&) -> Result<std::vector<Address>> {
    std::vector<Address> ports(2);
    ports[0].scheme = ports[1].scheme = "serial";
    ports[0].path = "/dev/ttyUSB7";
    ports[1].path = "/dev/ttyUSB8";
    return ports;
  };
  e.explain = [](const std::string& path) -> Result<firmware::Explanation> {
    firmware::Explanation explanation;
    explanation.file = path;
    explanation.kind = firmware::Kind::intel_hex;
    explanation.size_bytes = 4096;
    explanation.sha256 = "00";
    explanation.entry = 0x40380000;
    return explanation;
  };
  e.merge = [](const firmware::MergeRequest& r) -> Result<firmware::MergeResult> {
    firmware::MergeResult result;
    result.output = r.output;
    result.chip = "esp32c3";
    result.size_bytes = 65536;
    result.sha256 = "00";
    return result;
  };
  e.convert = [](const firmware::ConvertRequest& r) -> Result<firmware::ConvertResult> {
    return firmware::ConvertResult{r.input, r.output, r.to, r.dry_run, {}};
  };
  e.find_devices = find_devices;
  e.discover_sources = [] {
    return std::vector<discover::SourceInfo>{{"ble", "what is in the air"},
                                             {"mdns", "what is on the network"}};
  };
  e.listen = listen_job;
  e.listen_schemes = [] { return std::vector<listen::Scheme>{{"tcp", "tcp://HOST:PORT", ""}}; };
  e.bench_run = bench_run;
  e.bench_infer = bench_infer;
  e.pair_devices = pair_job;
  e.pair_takes = [](const pair::Target& target, std::string_view) {
    return target.address.scheme == "http" || target.address.scheme == "ble";
  };
  e.simulate_provision = [](const sim::ProvisionRequest& r, const auto& ready, EventSink&,
                            std::stop_token) -> Result<sim::Report> {
    ready({.address = "tcp://127.0.0.1:4001", .chip = r.kind, .mac = "24:0a:c4:00:00:01"});
    return sim::Report{};
  };
  e.read_input = [](std::stop_token) { return std::string(); };
  e.raw_terminal = [] { return std::shared_ptr<void>(); };
  e.simulate = [](const sim::Request& r, const auto& ready, EventSink&,
                  std::stop_token) -> Result<sim::Report> {
    for (unsigned i = 1; i <= r.count; ++i) {
      ready({"tcp://127.0.0.1:" + std::to_string(4000 + i), r.device, "24:0a:c4:00:00:01", "", i,
             r.count});
    }
    return sim::Report{};
  };
  e.sim_devices = [] { return std::vector<sim::Choice>{{"esp32", "one"}, {"esp32c3", "two"}}; };
  e.sim_faults = [] { return std::vector<sim::Choice>{{"drop:PERCENT", "lose bytes"}}; };
  e.sim_stages = [] { return std::vector<sim::Choice>{{"data", "a block is written"}}; };
  e.sim_fault_grammar = [] { return std::string("NAME[@WHERE]\n"); };
  e.sim_profiles = [] { return std::vector<sim::Choice>{{"datasheet", "as printed"}}; };
  e.variable = [](const std::string&) { return std::optional<std::string>(); };
  e.config.working_directory = "/nonexistent";
  e.config.user_file = "/nonexistent/config.yaml";
  e.config.system_file = "/nonexistent/config.yaml";
  e.now = [] { return std::chrono::nanoseconds(0); };
  return e;
}

Ran run_cli(const std::vector<std::string>& args, const Environment& environment,
            const std::string& input) {
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  Ran ran;
  ran.exit = run(args, in, out, err, environment);
  ran.out = out.str();
  ran.err = err.str();
  return ran;
}

Ran run_cli(const std::vector<std::string>& args, const std::string& input) {
  return run_cli(args, scripted_environment(), input);
}

}  // namespace aiot::cli::test
