#include <doctest/doctest.h>

#include "job/bench/host/run.hpp"

namespace aiot::bench {
namespace {

TEST_CASE("the roof is that of the CPUs that there are for the threads") {
  RunResult run;
  run.peak = Peak{80, 40, 10};
  run.machine.cpus = 2;
  run.setup.threads = 2;
  CHECK(roof_gmacs_per_s(run, false) == 160);
  run.setup.threads = 8;
  CHECK(roof_gmacs_per_s(run, false) == 160);
  run.setup.cpus = {1};
  CHECK(roof_gmacs_per_s(run, false) == 80);
  CHECK(roof_gmacs_per_s(run, true) == 40);
  run.peak.reset();
  CHECK(roof_gmacs_per_s(run, true) == 0);
}

TEST_CASE("a layer that takes floats makes a float model, whatever its weights are") {
  // A layer from tensor 0 with the weights 1.
  const auto model_of = [](inference::Type input, inference::Type weights) {
    inference::Model model;
    model.tensors.resize(3);
    model.tensors[0].type = model.tensors[2].type = input;
    model.tensors[1].type = weights;
    model.operators.resize(1);
    model.operators[0].code = inference::Code::fully_connected;
    model.operators[0].inputs = {0, 1, -1};
    model.operators[0].outputs = {2};
    return model;
  };
  using inference::Type;
  CHECK(multiplies_floats(model_of(Type::float32, Type::float32)));
  CHECK(multiplies_floats(model_of(Type::float32, Type::int8)));
  CHECK_FALSE(multiplies_floats(model_of(Type::int8, Type::int8)));
  CHECK_FALSE(multiplies_floats(inference::Model()));
}

}  // namespace
}  // namespace aiot::bench
