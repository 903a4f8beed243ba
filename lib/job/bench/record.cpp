#include <fmt/format.h>
#include <time.h>

#include <algorithm>

#include "job/bench/result.hpp"

namespace aiot::bench {
namespace {

double us(Nanoseconds time) { return static_cast<double>(time.count()) / 1000; }
double seconds(Nanoseconds time) { return std::chrono::duration<double>(time).count(); }
double giga(double value) { return value / 1e9; }

Array integers(const std::vector<std::int32_t>& numbers) {
  return {numbers.begin(), numbers.end()};
}

Array tensors(const std::vector<inference::TensorInfo>& infos) {
  Array out;
  for (const auto& info : infos) {
    Object fields({{"name", info.name},
                   {"type", inference::name_of(info.type)},
                   {"shape", integers(info.shape)},
                   {"bytes", info.bytes}});
    if (info.scale > 0) {
      fields.set("scale", static_cast<double>(info.scale)).set("zero_point", info.zero_point);
    }
    out.emplace_back(std::move(fields));
  }
  return out;
}

Object latency(const ModelResult& model) {
  const Summary& s = model.latency;
  Array bins;
  for (const Bin& bin : model.histogram) {
    bins.emplace_back(
        Object({{"from_us", us(bin.from)}, {"to_us", us(bin.to)}, {"count", bin.count}}));
  }
  return {{"runs", s.count},
          {"min_us", us(s.min)},
          {"p50_us", us(s.p50)},
          {"p90_us", us(s.p90)},
          {"p99_us", us(s.p99)},
          {"p999_us", us(s.p999)},
          {"percentile_error", s.percentile_error},
          {"max_us", us(s.max)},
          {"mean_us", s.mean_ns / 1000},
          {"stddev_us", s.stddev_ns / 1000},
          {"clock_cost_us", us(model.clock_cost)},
          {"warm_up_runs", model.warm_up.runs},
          {"warm_up_s", seconds(model.warm_up.time)},
          {"settled", model.warm_up.settled},
          {"histogram", std::move(bins)}};
}

Object around(const ModelResult& model) {
  const Usage& usage = model.usage;
  const Others others = others_during(usage);
  const double wall = seconds(usage.wall);
  Object fields({{"wall_s", wall},
                 {"thread_cpu_s", seconds(usage.thread_cpu)},
                 {"process_cpu_s", seconds(usage.process_cpu)},
                 {"thread_cpu_share", wall > 0 ? seconds(usage.thread_cpu) / wall : 0},
                 {"preempted", usage.preempted},
                 {"others_cpus", others.cpus},
                 {"others_share", others.share},
                 {"steal_share", others.steal}});
  const auto set = [&](const char* name, const auto& value) {
    if (value) fields.set(name, *value);
  };
  set("load_before", usage.before.load);
  set("load_after", usage.after.load);
  set("mhz_before", usage.before.mhz);
  set("mhz_after", usage.after.mhz);
  set("temperature_before_c", usage.before.temperature_c);
  set("temperature_after_c", usage.after.temperature_c);
  if (usage.before.throttled && usage.after.throttled) {
    fields.set("throttled", *usage.after.throttled - *usage.before.throttled);
  }
  return fields;
}

Array operators(const RunResult& run, const ModelResult& model) {
  Array out;
  const double roof = roof_macs_per_s(run, model);
  for (const OperatorTime& op : model.operators) {
    const double rate = macs_per_s(op.info.macs, op.time);
    Object fields({{"index", out.size()},
                   {"name", op.info.name},
                   {"output_shape", integers(op.info.output_shape)},
                   {"time_us", us(op.time)},
                   {"share", op.share},
                   {"macs", op.info.macs},
                   {"bytes", op.info.bytes},
                   {"gmacs_per_s", giga(rate)}});
    if (roof > 0 && op.info.macs > 0) fields.set("peak_share", rate / roof);
    out.emplace_back(std::move(fields));
  }
  return out;
}

/// Operators of one kind together, the slowest first.
Array groups(const std::vector<OperatorTime>& operators) {
  struct Group {
    std::string name;
    std::uint64_t count = 0, macs = 0;
    Nanoseconds time{0};
    double share = 0;
  };
  std::vector<Group> all;
  for (const OperatorTime& op : operators) {
    auto group = std::find_if(all.begin(), all.end(),
                              [&](const Group& g) { return g.name == op.info.name; });
    if (group == all.end()) group = all.insert(all.end(), Group{op.info.name});
    ++group->count;
    group->macs += op.info.macs;
    group->time += op.time;
    group->share += op.share;
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Group& a, const Group& b) { return a.time > b.time; });
  Array out;
  for (const Group& g : all) {
    out.emplace_back(Object({{"name", g.name},
                             {"count", g.count},
                             {"time_us", us(g.time)},
                             {"share", g.share},
                             {"macs", g.macs},
                             {"gmacs_per_s", giga(macs_per_s(g.macs, g.time))}}));
  }
  return out;
}

Object interval(double value, const Interval& at_95) {
  return {{"value", value}, {"low", at_95.low}, {"high", at_95.high}};
}

Object accuracy(const Evaluation& e) {
  Object fields({{"files", e.files},
                 {"windows", e.windows},
                 {"form", e.form},
                 {"workers", e.workers},
                 {"complete", e.complete}});
  if (e.confusion) {
    fields.set("right", e.confusion->right());
    Object top1 = interval(e.accuracy(), e.interval);
    top1.set("method", "Wilson, 95 %");
    fields.set("top1", std::move(top1));
    Array rows;
    for (std::uint32_t truth = 0; truth < e.confusion->classes(); ++truth) {
      Array row;
      for (std::uint32_t taken = 0; taken < e.confusion->classes(); ++taken) {
        row.emplace_back(e.confusion->at(truth, taken));
      }
      rows.emplace_back(std::move(row));
    }
    fields.set("confusion", std::move(rows));
  }
  if (e.auc) {
    Object area = interval(e.auc->value, e.auc->interval);
    area.set("method", "Hanley and McNeil, 95 %")
        .set("positives", e.auc->positives)
        .set("negatives", e.auc->negatives);
    fields.set("auc", std::move(area));
  }
  return fields;
}

Object comparison(const Comparison& c) {
  Object fields({{"p50_before_us", c.p50_before_us},
                 {"p50_change", c.p50_change},
                 {"memory_before_bytes", c.memory_before_bytes},
                 {"memory_change", c.memory_change},
                 {"baseline_spoiled", c.baseline_spoiled},
                 {"worse", Array(c.worse.begin(), c.worse.end())},
                 {"differs", Array(c.differs.begin(), c.differs.end())}});
  if (c.same_outputs) fields.set("same_outputs", *c.same_outputs);
  return fields;
}

Object machine(const Machine& m) {
  return {{"cpu", m.cpu_model},
          {"cpus", m.cpus},
          {"architecture", m.architecture},
          {"kernel", m.kernel},
          {"virtual", m.virtual_machine},
          {"governors", Array(m.governors.begin(), m.governors.end())}};
}

}  // namespace

std::string time_text(std::chrono::system_clock::time_point time) {
  const std::time_t seconds_since = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  ::gmtime_r(&seconds_since, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

bool RunResult::complete() const {
  return !cut_short && !models.empty() &&
         std::all_of(models.begin(), models.end(), [](const ModelResult& m) { return m.complete; });
}

double ModelResult::median_per_s() const {
  return latency.p50.count() > 0 ? 1 / seconds(latency.p50) : 0;
}

double ModelResult::reached_per_s() const {
  return usage.wall.count() > 0 ? static_cast<double>(latency.count) / seconds(usage.wall) : 0;
}

double macs_per_s(std::uint64_t macs, Nanoseconds time) {
  return time.count() > 0 ? static_cast<double>(macs) / seconds(time) : 0;
}

double roof_macs_per_s(const RunResult& run, const ModelResult& model) {
  if (!run.peak) return 0;
  const double one = model.float_model ? run.peak->float_macs_per_s : run.peak->int8_macs_per_s;
  // More threads than CPUs multiply no more.
  const auto cpus = run.setup.cpus.empty() ? std::size_t{run.machine.cpus} : run.setup.cpus.size();
  return one * static_cast<double>(
                   std::clamp<std::size_t>(run.setup.threads, 1, std::max<std::size_t>(cpus, 1)));
}

Object fields_of(const RunResult& run, const ModelResult& m) {
  Object fields({{"name", m.subject.name},
                 {"source", m.subject.file.empty() ? "built-in" : "file"},
                 {"sha256", m.subject.sha256},
                 {"description", m.subject.description},
                 {"engine", m.engine},
                 {"complete", m.complete},
                 {"inputs", tensors(m.inputs)},
                 {"outputs", tensors(m.outputs)},
                 {"macs", m.macs}});
  if (!m.subject.file.empty()) fields.set("file", m.subject.file);
  fields.set("latency", latency(m));
  const double rate = macs_per_s(m.macs, m.latency.p50);
  fields.set("runs_per_s", m.median_per_s()).set("reached_runs_per_s", m.reached_per_s());
  fields.set("gmacs_per_s", giga(rate));
  if (const double roof = roof_macs_per_s(run, m); roof > 0) fields.set("peak_share", rate / roof);
  fields.set("memory", Object({{"arena_bytes", m.memory.arena_bytes},
                               {"weights_bytes", m.memory.weights_bytes},
                               {"model_bytes", m.subject.model_bytes},
                               {"peak_rss_bytes", m.peak_rss_bytes}}));
  fields.set("output_sha256", m.output_sha256);
  fields.set("operators", operators(run, m)).set("groups", groups(m.operators));
  fields.set("around", around(m));
  Array spoiled;
  for (const Reason& reason : m.spoiled) {
    spoiled.emplace_back(
        Object({{"code", reason.code}, {"message", reason.text}, {"hint", reason.hint}}));
  }
  fields.set("spoiled", std::move(spoiled));
  if (m.accuracy) fields.set("accuracy", accuracy(*m.accuracy));
  if (m.comparison) fields.set("comparison", comparison(*m.comparison));
  return fields;
}

Record record_of(const RunResult& run) {
  Object engine({{"name", run.setup.engine}, {"threads", run.setup.threads}});
  if (!run.isa.empty()) engine.set("isa", run.isa);
  engine.set("cpus", Array(run.setup.cpus.begin(), run.setup.cpus.end()));
  Object fields({{"time", time_text(run.time)},
                 {"engine", std::move(engine)},
                 {"machine", machine(run.machine)}});
  if (run.peak) {
    fields.set("peak", Object({{"int8_gmacs_per_s", giga(run.peak->int8_macs_per_s)},
                               {"float_gmacs_per_s", giga(run.peak->float_macs_per_s)},
                               {"gb_per_s", giga(run.peak->bytes_per_s)}}));
  }
  Array models;
  for (const ModelResult& model : run.models) models.emplace_back(fields_of(run, model));
  fields.set("models", std::move(models)).set("complete", run.complete());
  return {"aiot.bench.run/1", std::move(fields)};
}

}  // namespace aiot::bench
