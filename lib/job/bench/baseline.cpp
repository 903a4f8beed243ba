#include "job/bench/baseline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "aiot/bytes.hpp"
#include "aiot/units.hpp"
#include "job/bench/error.hpp"

namespace aiot::bench {
namespace {

namespace json = boost::json;

Error bad(std::string what) {
  return make_error(Errc::bad_baseline, std::move(what),
                    "name a document that an earlier `bench run` printed as JSON");
}

/// A value by its path: at("data.engine.name"); nullptr when it is not there.
const json::value* at(const json::value& from, std::string_view path) {
  const json::value* value = &from;
  while (value && !path.empty()) {
    const auto dot = path.find('.');
    const auto* object = value->if_object();
    value = object ? object->if_contains(path.substr(0, dot)) : nullptr;
    path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
  }
  return value;
}

Result<std::string> text(const json::value& from, std::string_view path) {
  const json::value* value = at(from, path);
  if (!value || !value->is_string()) return bad(fmt::format("it has no {}", path));
  return std::string(value->get_string());
}

Result<double> number(const json::value& from, std::string_view path) {
  const json::value* value = at(from, path);
  boost::system::error_code error;
  const double found = value ? value->to_number<double>(error) : 0;
  // Negative, infinite and absurd figures would make every comparison come out well.
  if (!value || error || !(found >= 0 && found < 1e15)) {
    return bad(fmt::format("it has no {}", path));
  }
  return found;
}

/// A yes or no that makes the whole document of no use when it is no; one that is missing is taken
/// for yes.
Result<void> insist(const json::value& from, std::string_view path, std::string_view otherwise) {
  const json::value* value = at(from, path);
  if (!value) return {};
  if (!value->is_bool()) return bad(fmt::format("its {} is neither true nor false", path));
  if (value->get_bool()) return {};
  return make_error(Errc::bad_baseline, fmt::format("{} ({} is false)", otherwise, path),
                    "measure it again, and name the document of a run that ended well");
}

/// A figure that must be there: one of 0 would make any later one "the same".
Result<double> figure(const json::value& from, std::string_view path) {
  AIOT_TRY(const double found, number(from, path));
  if (found > 0) return found;
  return bad(fmt::format("its {} is 0, which nothing can be compared with", path));
}

Result<EarlierModel> parse_model(const json::value& value) {
  EarlierModel model;
  AIOT_TRY(model.name, text(value, "name"));
  AIOT_TRY(model.sha256, text(value, "sha256"));
  AIOT_CHECK(insist(value, "complete", "it was stopped before its figures were whole"));
  AIOT_TRY(model.p50_us, figure(value, "latency.p50_us"));
  AIOT_TRY(const double arena, number(value, "memory.arena_bytes"));
  AIOT_TRY(const double weights, number(value, "memory.weights_bytes"));
  model.memory_bytes = static_cast<std::uint64_t>(arena) + static_cast<std::uint64_t>(weights);
  AIOT_TRY(model.output_sha256, text(value, "output_sha256"));
  const json::value* spoiled = at(value, "spoiled");
  model.spoiled = spoiled && spoiled->is_array() && !spoiled->get_array().empty();
  return model;
}

/// Of memory there may be none on both sides: an engine need not tell how much it takes.
double change(double before, double now) { return before > 0 ? now / before - 1 : 0; }

const EarlierModel* counterpart(const ModelResult& model, const Baseline& baseline, bool anyway) {
  const auto& all = baseline.models;
  const auto find = [&](auto&& is) {
    const auto it = std::find_if(all.begin(), all.end(), is);
    return it == all.end() ? nullptr : &*it;
  };
  const EarlierModel* found =
      find([&](const EarlierModel& m) { return m.sha256 == model.subject.sha256; });
  if (found || !anyway) return found;
  found = find([&](const EarlierModel& m) { return m.name == model.subject.name; });
  return found || all.size() != 1 ? found : &all.front();
}

std::vector<std::string> differences(const RunResult& run, const Baseline& baseline) {
  std::vector<std::string> differs;
  const auto compare = [&](const char* what, const std::string& before, const std::string& now) {
    if (before == now) return;
    differs.push_back(fmt::format("{}: {} then, {} now", what, before.empty() ? "none" : before,
                                  now.empty() ? "none" : now));
  };
  compare("engine", baseline.engine, run.setup.engine);
  compare("instructions", baseline.isa, run.isa);
  compare("threads", fmt::format("{}", baseline.threads), fmt::format("{}", run.setup.threads));
  compare("CPU", baseline.cpu, run.machine.cpu_model);
  return differs;
}

}  // namespace

Result<Baseline> parse_baseline(std::string_view text_of_it) {
  if (text_of_it.size() > most_baseline_bytes) return bad("it is too large");
  boost::system::error_code error;
  const json::value document = json::parse(json::string_view(text_of_it), error);
  if (error) return bad("it is no JSON document");
  AIOT_TRY(const std::string schema, text(document, "schema"));
  if (schema != "aiot.bench.run/1") {
    return bad(fmt::format("its schema is {}", escape_controls(schema)));
  }
  AIOT_CHECK(insist(document, "data.complete", "it was stopped before its figures were whole"));
  AIOT_CHECK(insist(document, "ok", "it is of a run that failed"));
  Baseline baseline;
  AIOT_TRY(baseline.engine, text(document, "data.engine.name"));
  if (at(document, "data.engine.isa")) {
    AIOT_TRY(baseline.isa, text(document, "data.engine.isa"));
  }
  AIOT_TRY(const double threads, number(document, "data.engine.threads"));
  baseline.threads = static_cast<std::uint64_t>(threads);
  AIOT_TRY(baseline.cpu, text(document, "data.machine.cpu"));
  const json::value* models = at(document, "data.models");
  if (!models || !models->is_array()) return bad("it has no data.models");
  for (const json::value& value : models->get_array()) {
    AIOT_TRY(EarlierModel model, parse_model(value).with("a model of it"));
    baseline.models.push_back(std::move(model));
  }
  return baseline;
}

Result<Comparison> compare(const RunResult& run, const ModelResult& model, const Baseline& baseline,
                           double limit, bool anyway) {
  const EarlierModel* earlier = counterpart(model, baseline, anyway);
  const auto refused = [](std::string what) {
    return make_error(Errc::not_comparable, std::move(what),
                      "measure a baseline with this model, engine and machine");
  };
  if (!earlier)
    return refused(fmt::format("it has no model with these bytes ({})", model.subject.name));
  Comparison c;
  c.differs = differences(run, baseline);
  if (earlier->sha256 != model.subject.sha256) c.differs.emplace_back("the model's bytes");
  if (!c.differs.empty() && !anyway) {
    return refused(escape_controls(fmt::format("{}", fmt::join(c.differs, "; "))));
  }
  c.baseline_spoiled = earlier->spoiled;
  c.p50_before_us = earlier->p50_us;
  const double p50 = static_cast<double>(model.latency.p50.count()) / 1000;
  c.p50_change = change(c.p50_before_us, p50);
  c.memory_before_bytes = earlier->memory_bytes;
  const std::uint64_t memory = model.memory.arena_bytes + model.memory.weights_bytes;
  if (c.memory_before_bytes == 0 && memory > 0) {
    return make_error(Errc::bad_baseline,
                      fmt::format("its memory of {} is 0 bytes", escape_controls(earlier->name)),
                      "measure it again with this version");
  }
  c.memory_change = change(static_cast<double>(c.memory_before_bytes), static_cast<double>(memory));
  c.slower = c.p50_change > limit;
  c.larger = c.memory_change > limit;
  if (c.slower) {
    c.worse.push_back(fmt::format("the median is {:.2f} µs, {:.1f} % above {:.2f} µs", p50,
                                  c.p50_change * 100, c.p50_before_us));
  }
  if (c.larger) {
    c.worse.push_back(fmt::format("arena and weights are {}, {:.1f} % above {}",
                                  format_size(memory), c.memory_change * 100,
                                  format_size(c.memory_before_bytes)));
  }
  // Another engine or model may well answer otherwise: that is no change for the worse.
  if (earlier->sha256 == model.subject.sha256 && baseline.engine == run.setup.engine) {
    c.same_outputs = earlier->output_sha256 == model.output_sha256;
    if (!*c.same_outputs) c.worse.emplace_back("the outputs for the same inputs differ");
  }
  return c;
}

Error worse_than_baseline(const Comparison& c, double limit, bool quiet) {
  // Only times depend on what else the machine did.
  std::vector<std::string> next;
  if (c.slower && !quiet) next.emplace_back("the machine was not quiet: measure again when it is");
  if (c.slower && quiet) {
    next.push_back(
        fmt::format("{:g} % slower is allowed: see which operators take longer than "
                    "before",
                    limit * 100));
  }
  if (c.larger) {
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
