#include "job/bench/device_compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace aiot::bench {
namespace {

/// A value that is cut to three digits is less than this away; rounding takes half of it.
constexpr double printed_step = 0.001;
/// Sums of floats in another order, and the print of large ones.
constexpr double relative_slack = 2e-6;

double slack_of(double reference) {
  return printed_step + 1e-9 + std::abs(reference) * relative_slack;
}

bool is_equal(double device, double reference) {
  // NaN is equal to nothing.
  return std::abs(device - reference) < slack_of(reference);
}

/// One factor for all: that of the largest result, which is known best.
bool scaled(const Mismatch& one, std::optional<double>& factor, bool& tells) {
  if (!one.same_count() || one.device.size() < 2) return false;
  const auto largest = std::ranges::max_element(
      one.reference, [](float a, float b) { return std::abs(a) < std::abs(b); });
  const auto at = static_cast<std::size_t>(largest - one.reference.begin());
  if (!(std::abs(*largest) > 0.1F)) return false;
  if (!factor) factor = one.device[at] / static_cast<double>(*largest);
  int significant = 0;
  for (std::size_t i = 0; i < one.device.size(); ++i) {
    const double expected = *factor * static_cast<double>(one.reference[i]);
    // The factor itself is known no better than the digits it was taken from.
    if (!(std::abs(one.device[i] - expected) < 2 * slack_of(expected))) return false;
    if (std::abs(one.reference[i]) > 0.02F) ++significant;
  }
  tells = tells || significant >= 2;
  return true;
}

/// One offset for all.
bool shifted(const Mismatch& one, std::optional<double>& offset) {
  if (!one.same_count() || one.device.size() < 2) return false;
  if (!offset) offset = one.device[0] - static_cast<double>(one.reference[0]);
  for (std::size_t i = 0; i < one.device.size(); ++i) {
    const double expected = static_cast<double>(one.reference[i]) + *offset;
    if (!(std::abs(one.device[i] - expected) < 2 * slack_of(expected))) return false;
  }
  return true;
}

std::optional<Verdict> output_slip(const std::vector<Mismatch>& all, float step) {
  std::optional<double> offset;
  if (std::ranges::all_of(all, [&](const Mismatch& one) { return shifted(one, offset); })) {
    return Verdict{Cause::quantisation,
                   fmt::format("each result is {:+.3f} off{}: the output's zero point", *offset,
                               step > 0 ? fmt::format(", {:.1f} steps", *offset / step) : "")};
  }
  std::optional<double> factor;
  bool tells = false;
  if (std::ranges::all_of(all, [&](const Mismatch& one) { return scaled(one, factor, tells); }) &&
      tells) {
    return Verdict{
        Cause::quantisation,
        fmt::format("each result is {:.3f} times what it should be: the output's scale", *factor)};
  }
  return std::nullopt;
}

std::string expected_words(const inference::tiny::Task& task) {
  return task.id.empty() ? std::string("the model has") : fmt::format("{} wants", task.id);
}

}  // namespace

std::string_view name_of(Cause cause) {
  switch (cause) {
    case Cause::upload: return "upload";
    case Cause::quantisation: return "quantisation";
    case Cause::kernel: return "kernel";
    case Cause::unsteady: return "unsteady";
    case Cause::count: return "count";
  }
  return "";
}

std::optional<Difference> first_difference(const std::vector<double>& device,
                                           const std::vector<float>& reference) {
  const std::size_t common = std::min(device.size(), reference.size());
  if (device.size() != reference.size()) {
    Difference missing;
    missing.index = common;
    if (common < device.size()) missing.device = device[common];
    if (common < reference.size()) missing.reference = static_cast<double>(reference[common]);
    return missing;
  }
  for (std::size_t i = 0; i < common; ++i) {
    const double expected = static_cast<double>(reference[i]);
    if (!is_equal(device[i], expected)) return Difference{i, device[i], expected};
  }
  return std::nullopt;
}

Result<Verdict> explain(const std::vector<Mismatch>& all, Reference& reference) {
  for (const Mismatch& one : all) {
    if (one.same_count()) continue;
    return Verdict{Cause::count,
                   fmt::format("{} results for {}, {} {}", one.device.size(), one.file,
                               expected_words(reference.task()), one.reference.size())};
  }
  for (const InputSlip slip : slips_of(reference.task())) {
    bool explains = true;
    for (const Mismatch& one : all) {
      AIOT_TRY(const std::vector<float> slipped, reference.results(one.upload, slip));
      explains = explains && !first_difference(one.device, slipped);
      if (!explains) break;
    }
    if (explains) return Verdict{Cause::quantisation, std::string(text_of(slip))};
  }
  if (auto slip = output_slip(all, reference.step())) return *std::move(slip);
  const Mismatch& one = all.front();
  return Verdict{Cause::kernel,
                 fmt::format("output {} of {} is {:.3f}, the reference says {:.3f}",
                             one.first.index, one.file, one.first.device, one.first.reference)};
}

Result<std::size_t> slips_shown(Reference& reference, ByteSpan upload) {
  AIOT_TRY(const std::vector<float> right, reference.results(upload));
  std::size_t shown = 0;
  for (const InputSlip slip : slips_of(reference.task())) {
    AIOT_TRY(const std::vector<float> slipped, reference.results(upload, slip));
    const std::vector<double> printed(slipped.begin(), slipped.end());
    if (first_difference(printed, right)) ++shown;
  }
  return shown;
}

Result<Bytes> telling_upload(Reference& reference, std::uint64_t seed) {
  constexpr std::uint64_t candidates = 12;
  // Seeds of inputs next to each other are next to each other: a candidate's is far away.
  constexpr std::uint64_t far = std::uint64_t{1} << 32;
  const std::size_t most = slips_of(reference.task()).size();
  Bytes best;
  std::optional<std::size_t> best_shown;
  for (std::uint64_t i = 0; i < candidates && best_shown.value_or(0) < most; ++i) {
    Bytes upload =
        inference::tiny::random_upload(reference.task(), reference.input(), seed + i * far);
    AIOT_TRY(const std::size_t shown, slips_shown(reference, upload));
    if (best_shown && shown <= *best_shown) continue;
    best = std::move(upload);
    best_shown = shown;
  }
  return best;
}

net::Task<bool> Comparison::add(const std::string& file, const Bytes& upload,
                                const std::vector<double>& device) {
  if (reference_ == nullptr) co_return true;
  // The work may outlive whoever waits for it: it owns what it uses.
  std::function<Result<std::vector<float>>()> infer = [reference = reference_, upload] {
    return reference->results(upload);
  };
  Result<std::vector<float>> expected = co_await workers_.run(std::move(infer), clock_);
  if (!expected) co_return std::move(expected).error();
  ++compared_;
  const auto difference = first_difference(device, *expected);
  if (!difference) {
    ++equal_;
    co_return true;
  }
  if (kept_.size() < most_kept) {
    kept_.push_back({file, upload, device, *std::move(expected), *difference});
  }
  co_return false;
}

void Comparison::blame(Cause cause, std::string text) {
  if (!verdict_) verdict_ = Verdict{cause, std::move(text)};
}

net::Task<std::optional<Verdict>> Comparison::verdict() {
  if (verdict_ || kept_.empty()) co_return verdict_;
  std::function<Result<Verdict>()> work = [reference = reference_, kept = kept_] {
    return explain(kept, *reference);
  };
  Result<Verdict> found = co_await workers_.run(std::move(work), clock_);
  if (!found) co_return std::move(found).error();
  verdict_ = *std::move(found);
  co_return verdict_;
}

Object Comparison::fields() const {
  Object out;
  out.set("compared", compared_).set("equal", equal_);
  if (!kept_.empty()) {
    const Mismatch& one = kept_.front();
    Object first;
    first.set("file", one.file);
    if (one.same_count()) {
      first.set("output", std::uint64_t{one.first.index})
          .set("device", one.first.device)
          .set("reference", one.first.reference);
      out.set("first_difference", std::move(first));
    } else {
      first.set("device", std::uint64_t{one.device.size()})
          .set("reference", std::uint64_t{one.reference.size()});
      out.set("first_count", std::move(first));
    }
  }
  if (verdict_) out.set("cause", name_of(verdict_->cause)).set("explanation", verdict_->text);
  return out;
}

}  // namespace aiot::bench
