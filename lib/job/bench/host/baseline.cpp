#include "job/bench/host/baseline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "aiot/bytes.hpp"
#include "aiot/document.hpp"
#include "aiot/units.hpp"
#include "job/bench/host/error.hpp"

namespace aiot::bench {
namespace {

namespace json = boost::json;

Error bad(std::string what) {
  return make_error(Errc::bad_baseline, std::move(what),
                    "name a document that an earlier `bench run` printed as JSON");
}

Value value_of(const json::value& from) {
  switch (from.kind()) {
    case json::kind::bool_: return from.get_bool();
    case json::kind::int64: return from.get_int64();
    case json::kind::uint64: return from.get_uint64();
    case json::kind::double_: return from.get_double();
    case json::kind::string: return std::string(from.get_string());
    case json::kind::array: {
      Array array;
      for (const json::value& element : from.get_array()) array.push_back(value_of(element));
      return array;
    }
    case json::kind::object: {
      Object object;
      // Of two fields of one name Boost.JSON keeps the last.
      for (const auto& [name, field] : from.get_object()) object.add(std::string(name), value_of(field));
      return object;
    }
    case json::kind::null: break;
  }
  return nullptr;
}

Error incomplete(std::string what) {
  return make_error(Errc::bad_baseline, std::move(what),
                    "measure it again, and name the document of a run that ended well");
}

/// Negative, infinite and absurd figures would make every comparison come out well.
bool is_plausible(double figure) { return figure >= 0 && figure < 1e15; }

Result<void> check_model(const ModelResult& model) {
  if (model.name.empty()) return bad("it has no name");
  if (model.sha256.empty()) return bad("it has no sha256");
  if (model.output_sha256.empty()) return bad("it has no output_sha256");
  if (!model.complete) {
    return incomplete("it was stopped before all figures were measured (complete is false)");
  }
  const double p50 = model.latency.p50_us;
  if (!is_plausible(p50)) return bad("its latency.p50_us is out of range");
  // A figure of 0 would make any later one "the same".
  if (p50 == 0) return bad("its latency.p50_us is 0, which nothing can be compared with");
  if (!is_plausible(static_cast<double>(model.memory.arena_bytes)) ||
      !is_plausible(static_cast<double>(model.memory.weights_bytes))) {
    return bad("its memory is out of range");
  }
  return {};
}

std::uint64_t memory_of(const ModelResult& model) {
  return model.memory.arena_bytes + model.memory.weights_bytes;
}

/// Of memory there may be none on both sides: an engine need not report it.
double change(double before, double now) { return before > 0 ? now / before - 1 : 0; }

const ModelResult* counterpart(const ModelResult& model, const RunResult& baseline, bool anyway) {
  const auto& all = baseline.models;
  const auto find = [&](auto&& is) {
    const auto it = std::find_if(all.begin(), all.end(), is);
    return it == all.end() ? nullptr : &*it;
  };
  const ModelResult* found =
      find([&](const ModelResult& m) { return m.sha256 == model.sha256; });
  if (found || !anyway) return found;
  found = find([&](const ModelResult& m) { return m.name == model.name; });
  return found || all.size() != 1 ? found : &all.front();
}

std::vector<std::string> differences(const RunResult& run, const RunResult& baseline) {
  std::vector<std::string> differs;
  const auto compare = [&](const char* what, const std::string& before, const std::string& now) {
    if (before == now) return;
    differs.push_back(fmt::format("{}: {} then, {} now", what, before.empty() ? "none" : before,
                                  now.empty() ? "none" : now));
  };
  compare("engine", baseline.setup.engine, run.setup.engine);
  compare("instructions", baseline.isa, run.isa);
  compare("threads", fmt::format("{}", baseline.setup.threads), fmt::format("{}", run.setup.threads));
  compare("CPU", baseline.machine.cpu_model, run.machine.cpu_model);
  return differs;
}

}  // namespace

Result<RunResult> parse_baseline(std::string_view text) {
  if (text.size() > most_baseline_bytes) return bad("it is too large");
  boost::system::error_code error;
  const json::value parsed = json::parse(json::string_view(text), error);
  if (error) return bad("it is no JSON document");
  const Value document = value_of(parsed);
  const Object* fields = document.object();
  const Value* schema = fields != nullptr ? fields->find("schema") : nullptr;
  if (schema == nullptr || schema->string() == nullptr) return bad("it has no schema");
  RunResult run;
  if (*schema->string() != schema_of(run).name) {
    return bad(fmt::format("its schema is {}", escape_controls(*schema->string())));
  }
  if (const Value* ok = fields->find("ok")) {
    const bool* is_ok = std::get_if<bool>(&ok->storage());
    if (is_ok == nullptr) return bad("its ok is neither true nor false");
    if (!*is_ok) return incomplete("it is of a run that failed (ok is false)");
  }
  const Value* data = fields->find("data");
  if (data == nullptr || data->object() == nullptr) return bad("it has no data");
  // A later version adds fields: those that are not compared may be missing.
  run.setup.engine.clear();
  run.setup.threads = 0;
  run.complete = true;
  ObjectReader reader(*data->object(), ObjectReader::Missing::allowed);
  describe(reader, run);
  if (!reader.complaint().empty()) return bad("its data." + escape_controls(reader.complaint()));
  if (!run.complete) {
    return incomplete("it was stopped before all figures were measured (data.complete is false)");
  }
  if (run.setup.engine.empty()) return bad("it has no data.engine.name");
  if (run.setup.threads == 0) return bad("it has no data.engine.threads");
  if (run.models.empty()) return bad("it has no data.models");
  for (const ModelResult& model : run.models) {
    AIOT_CHECK(check_model(model).with("a model of it"));
  }
  return run;
}

Result<Comparison> compare(const RunResult& run, const ModelResult& model, const RunResult& baseline,
                           double limit, bool anyway) {
  const ModelResult* earlier = counterpart(model, baseline, anyway);
  const auto refused = [](std::string what) {
    return make_error(Errc::not_comparable, std::move(what),
                      "measure a baseline with this model, engine and machine");
  };
  if (!earlier)
    return refused(fmt::format("it has no model with these bytes ({})", model.name));
  Comparison c;
  c.differs = differences(run, baseline);
  if (earlier->sha256 != model.sha256) c.differs.emplace_back("the model's bytes");
  if (!c.differs.empty() && !anyway) {
    return refused(escape_controls(fmt::format("{}", fmt::join(c.differs, "; "))));
  }
  c.baseline_disturbed = !earlier->disturbances.empty();
  c.p50_before_us = earlier->latency.p50_us;
  const double p50 = model.latency.p50_us;
  c.p50_change = change(c.p50_before_us, p50);
  c.memory_before_bytes = memory_of(*earlier);
  const std::uint64_t memory = memory_of(model);
  if (c.memory_before_bytes == 0 && memory > 0) {
    return make_error(Errc::bad_baseline,
                      fmt::format("its memory of {} is 0 bytes", escape_controls(earlier->name)),
                      "measure it again with this version");
  }
  c.memory_change = change(static_cast<double>(c.memory_before_bytes), static_cast<double>(memory));
  if (c.p50_change > limit) {
    c.worse.push_back(fmt::format("the median is {:.2f} µs, {:.1f} % above {:.2f} µs", p50,
                                  c.p50_change * 100, c.p50_before_us));
  }
  if (c.memory_change > limit) {
    c.worse.push_back(fmt::format("arena and weights are {}, {:.1f} % above {}",
                                  format_size(memory), c.memory_change * 100,
                                  format_size(c.memory_before_bytes)));
  }
  // Another engine or model may well answer otherwise: that is no change for the worse.
  if (earlier->sha256 == model.sha256 && baseline.setup.engine == run.setup.engine) {
    c.same_outputs = earlier->output_sha256 == model.output_sha256;
    if (!*c.same_outputs) c.worse.emplace_back("the outputs for the same inputs differ");
  }
  return c;
}

Error worse_than_baseline(const Comparison& c, double limit, bool quiet) {
  // Only times depend on what else the machine did.
  std::vector<std::string> next;
  const bool slower = c.p50_change > limit;
  if (slower && !quiet) next.emplace_back("the machine was not quiet: measure again when it is");
  if (slower && quiet) {
    next.push_back(
        fmt::format("{:g} % slower is allowed: see which operators take longer than "
                    "before",
                    limit * 100));
  }
  if (c.memory_change > limit) {
    next.push_back(
        fmt::format("{:g} % larger is allowed: see what this model or version keeps more "
                    "of",
                    limit * 100));
  }
  if (c.same_outputs == false) {
    next.emplace_back(
        "compare the outputs of one input, then and now; if they are meant to be others, measure a "
        "new baseline");
  }
  return make_error(Errc::worse, fmt::format("{}", fmt::join(c.worse, "; ")),
                    fmt::format("{}", fmt::join(next, "; ")));
}

}  // namespace aiot::bench
