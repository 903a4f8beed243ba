#include <doctest/doctest.h>

#include "protocol/power/joulescope.hpp"
#include "protocol/power/lpm01a.hpp"
#include "show.hpp"

using namespace aiot;

namespace {

template <class Kind>
Kind as(std::string_view text) {
  const power::lpm01a::Line line = power::lpm01a::decode_line(text);
  const auto* kind = std::get_if<Kind>(&line);
  REQUIRE_MESSAGE(kind != nullptr, text);
  return *kind;
}

}  // namespace

// The examples of ST's list of commands and the patterns of benchmark/runner/power_manager
// (mlcommons/tiny, 1afd2c98); "ack htc" as a driver that compares byte by byte expects it.
TEST_CASE("lines of an LPM01A") {
  using namespace power::lpm01a;
  CHECK(as<Samples>("6409-07").values.at(0) == doctest::Approx(640.9e-6));
  CHECK(as<Samples>("33930-08").damaged == 1);
  const Samples two = as<Samples>("1234-09 09-07 5678+01");
  CHECK(two.values.size() == 2);
  CHECK(two.values.at(1) == doctest::Approx(56780));
  CHECK(two.damaged == 1);
  CHECK(as<Timestamp>("TimeStamp: 001s 000ms, buff 00%").ms == 1000);
  CHECK(as<Timestamp>("TimeStamp:>123s 456ms, buff 78%").buffer_percent == 78);
  CHECK(as<Event>("event 03 ris").number == 3);
  CHECK(as<Ack>("PowerShield > ack htc").text == "htc");
  CHECK(as<Ack>("PowerShield > ack volt get 3292-03").text == "volt get 3292-03");
  CHECK(as<Failure>("PowerShield > error volt").text == "error volt");
  CHECK(as<Failure>("Error detail: argument").text == "argument");
  as<Completed>("PowerShield > Acquisition completed");
  CHECK(as<Text>("PowerShield > PowerShield present: 2061398A4D43").text ==
        "PowerShield present: 2061398A4D43");
}

TEST_CASE("damaged lines of an LPM01A are text, never a figure") {
  using namespace power::lpm01a;
  for (const char* line : {"TimeStamp: 001s 1000ms, buff 00%", "TimeStamp: 001s 000ms, buff 101%",
                           "TimeStamp:", "event ris", "event x ris", "event 1 fal", "", "-", "x"}) {
    const Line decoded = decode_line(line);
    CHECK_MESSAGE(std::holds_alternative<Text>(decoded), line);
  }
}

// pyjoulescope_driver/entry_points/statistics.py: a heading, then sixteen fields a line.
TEST_CASE("lines of a Joulescope's tool") {
  using namespace power::joulescope;
  const auto heading = decode_line(
      "#device,sampled_id,i_avg,i_std,i_min,i_max,v_avg,v_std,v_min,v_max,p_avg,p_std,p_min,p_max,"
      "charge,energy");
  REQUIRE(heading);
  CHECK(std::holds_alternative<Heading>(*heading));
  const auto line = decode_line(
      "u/js220/000123,1500000,0.0125,1e-05,0.0124,0.0126,3.3,0.001,3.29,3.31,0.04125,3e-05,0.0409,"
      "0.0417,0.01875,0.061875");
  REQUIRE(line);
  const auto* statistics = std::get_if<Statistics>(&*line);
  REQUIRE(statistics != nullptr);
  CHECK(statistics->device == "u/js220/000123");
  CHECK(statistics->sample_id == 1'500'000);
  CHECK(statistics->joules == doctest::Approx(0.061875));
  CHECK(samples_per_s("u/js220/000123") == 1e6);
  CHECK(samples_per_s("u/js110/000456") == 2e6);
  CHECK(std::get<Event>(*decode_line("event 07 ris")).number == 7);
  for (const char* bad :
       {"", "device u/js220/1 not found", "u/js220/1,1,2,3", "event 7", "event  ris",
        ",1,0,0,0,0,0,0,0,0,0,0,0,0,0,0", "a,b,0,0,0,0,0,0,0,0,0,0,0,0,0,0",
        "a,1,0,0,0,0,0,0,0,0,0,0,0,0,0,nan", "a,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0"}) {
    const auto refused = decode_line(bad);
    CHECK_MESSAGE(!refused, bad);
  }
}
