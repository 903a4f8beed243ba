#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cmath>
#include <limits>

#include "job/bench/device/compare.hpp"

using namespace aiot;
using namespace aiot::bench;

namespace {

/// What a coroutine gives, on a loop of its own.
template <class T>
Result<T> awaited(const std::function<net::Task<T>()>& begin) {
  net::asio::io_context loop;
  std::optional<Result<T>> result;
  net::asio::co_spawn(
      loop, [&]() -> net::asio::awaitable<void> { result = co_await begin(); },
      [](std::exception_ptr thrown) { CHECK(thrown == nullptr); });
  loop.run();
  REQUIRE(result.has_value());
  return *std::move(result);
}

}  // namespace

TEST_CASE("results are compared as far as they are printed") {
  // Rounded as the reference's image classification, cut as its keyword spotting.
  CHECK(!first_difference({0.004, 0.996}, {0.00390625F, 0.99609375F}));
  CHECK(!first_difference({0.003, 0.996}, {0.00390625F, 0.99609375F}));
  const auto step = first_difference({0.003, 0.992}, {0.00390625F, 0.99609375F});
  REQUIRE(step);
  CHECK(step->index == 1);
  CHECK(step->device == doctest::Approx(0.992));
  CHECK(step->reference == doctest::Approx(0.99609375));
  CHECK(first_difference({std::nan("")}, {0.5F}));
  // Another number of results.
  CHECK(first_difference({0.004}, {0.00390625F, 0.99609375F})->index == 1);
  CHECK(first_difference({0.004, 0.996, 0.1}, {0.00390625F, 0.99609375F})->index == 2);
  // A large sum of squares has more digits than a float.
  CHECK(!first_difference({12345.679}, {12345.6787F}));
}

// Firmware that prints the network's output where anomaly detection has one score.
TEST_CASE("another number of results is reported as such, whatever their values") {
  auto model = Reference::read("ad");
  REQUIRE(model.has_value());
  const auto& task = *inference::tiny::find_task("ad01");
  auto reference = Reference::make(*std::move(model), task);
  REQUIRE(reference.has_value());
  const Bytes upload = inference::tiny::random_upload(task, (*reference)->input(), 1);
  const auto right = (*reference)->results(upload);
  REQUIRE(right.has_value());
  REQUIRE(right->size() == 1);
  const std::shared_ptr<Reference> shared = *std::move(reference);
  const std::string file = "0.bin";
  Workers workers(1);
  // The first is wrong, and right: neither is a matter of the kernels.
  for (const double first : {-57.591, static_cast<double>(right->front())}) {
    Comparer comparer(shared, workers, net::steady_clock());
    std::vector<double> device(640, 0.5);
    device.front() = first;
    const auto equal = awaited<bool>([&] { return comparer.add(file, upload, device); });
    REQUIRE(equal.has_value());
    CHECK(!*equal);
    const auto diagnosis = awaited<std::optional<Diagnosis>>([&] { return comparer.diagnosis(); });
    REQUIRE(diagnosis.has_value());
    REQUIRE(diagnosis->has_value());
    CHECK(name_of((*diagnosis)->cause) == "count");
    CHECK((*diagnosis)->text == "640 results for 0.bin, ad01 wants 1");
    const OutputComparison found = comparer.result();
    CHECK(!found.first_difference);
    const CountDifference& count = found.first_count.value();
    CHECK(count.device == 640);
    CHECK(count.reference == 1);
  }
}

TEST_CASE("results that are far from the reference's are those of another model, perhaps") {
  auto model = Reference::read("kws");
  REQUIRE(model.has_value());
  const auto& task = *inference::tiny::find_task("kws01");
  auto reference = Reference::make(*std::move(model), task);
  REQUIRE(reference.has_value());
  Mismatch one;
  one.file = "0.bin";
  one.upload = inference::tiny::random_upload(task, (*reference)->input(), 1);
  auto right = (*reference)->results(one.upload);
  REQUIRE(right.has_value());
  one.reference = *std::move(right);
  one.device.assign(one.reference.size(), 0.0);
  const auto largest = std::ranges::max_element(one.reference) - one.reference.begin();
  one.device[(static_cast<std::size_t>(largest) + 1) % one.device.size()] = 0.98;
  one.device.back() += 0.02;
  one.first = first_difference(one.device, one.reference).value();
  const auto other = explain({one}, **reference, true);
  REQUIRE(other.has_value());
  CHECK(other->cause == Cause::kernel);
  CHECK(other->other_model);
  CHECK(other->text.starts_with("a different model? output "));
  // Where other results are equal it is the same model.
  CHECK_FALSE(explain({one}, **reference, false)->other_model);
  // One result that is a little off is a matter of the kernels.
  one.device.assign(one.reference.begin(), one.reference.end());
  one.device[0] += 0.05;
  CHECK_FALSE(explain({one}, **reference, true)->other_model);
}

TEST_CASE("random inputs are such that a slip of the input shows") {
  for (const auto& [model_name, id] : {std::pair{"vww", "vww01"}, {"ic", "ic01"}}) {
    auto model = Reference::read(model_name);
    REQUIRE(model.has_value());
    const auto& task = *inference::tiny::find_task(id);
    auto reference = Reference::make(*std::move(model), task);
    REQUIRE(reference.has_value());
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const auto upload = telling_upload(**reference, seed);
      REQUIRE(upload.has_value());
      const auto right = (*reference)->results(*upload);
      const auto unsigned_as_signed = (*reference)->results(*upload, InputSlip::signed_as_unsigned);
      REQUIRE(right.has_value());
      REQUIRE(unsigned_as_signed.has_value());
      const std::vector<double> device(unsigned_as_signed->begin(), unsigned_as_signed->end());
      CHECK_MESSAGE(first_difference(device, *right), id << ", seed " << seed);
      // Again the same, and another for another seed.
      CHECK(*telling_upload(**reference, seed) == *upload);
      CHECK(*telling_upload(**reference, seed + 1) != *upload);
    }
  }
}
