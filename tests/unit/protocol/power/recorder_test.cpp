#include "protocol/power/monitor.hpp"

#include <doctest/doctest.h>

using namespace aiot;
using namespace aiot::power;

TEST_CASE("energy between two edges") {
  Recorder recorder(1000);
  const net::TimePoint now{};
  for (int i = 0; i < 100; ++i) recorder.on_sample(1e-6);
  recorder.on_edge(0, now);
  for (int i = 0; i < 500; ++i) recorder.on_sample(3e-6);
  recorder.on_edge(1, now);
  recorder.on_sample(1e-6);
  REQUIRE(recorder.edges().size() == 2);
  const Stretch stretch = between(recorder.edges()[0], recorder.edges()[1]);
  CHECK(stretch.samples == 500);
  CHECK(stretch.seconds == doctest::Approx(0.5));
  CHECK(stretch.joules == doctest::Approx(1.5e-3));
  CHECK(stretch.watts() == doctest::Approx(3e-3));
  CHECK(recorder.least_watts() == doctest::Approx(1e-3));
  CHECK(recorder.most_watts() == doctest::Approx(3e-3));
  CHECK(recorder.lost_edges() == 0);
}

TEST_CASE("samples that are missing between two timestamps are lost") {
  Recorder recorder(1000);
  for (int i = 0; i < 700; ++i) recorder.on_sample(1e-6);
  recorder.on_timestamp(1000, 3);  // the first says where counting begins
  for (int i = 0; i < 1000; ++i) recorder.on_sample(1e-6);
  recorder.on_timestamp(1000, 7);
  CHECK(recorder.lost_samples() == 0);
  for (int i = 0; i < 990; ++i) recorder.on_sample(1e-6);
  recorder.on_timestamp(1000, 99);
  CHECK(recorder.lost_samples() == 10);
  CHECK(recorder.samples() == 2700);
  CHECK(recorder.seconds() == doctest::Approx(2.7));
  CHECK(recorder.fullest_percent() == 99);
}

TEST_CASE("edges are counted, lost ones are noticed, few are kept") {
  Recorder recorder(1000);
  const net::TimePoint now{};
  for (std::uint32_t i = 0; i < 150; ++i) recorder.on_edge(i % 100, now);
  CHECK(recorder.lost_edges() == 0);
  CHECK(recorder.edge_count() == 150);
  CHECK(recorder.edges().size() == Recorder::most_edges);
  recorder.on_edge(52, now);
  CHECK(recorder.lost_edges() == 1);
}
