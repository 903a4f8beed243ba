#include "talk.hpp"

using namespace aiot;
using namespace aiot::power;
using namespace std::chrono_literals;
using net::Script;

namespace {

std::string line(std::uint64_t sample, const char* joules) {
  return "u/js220/000123," + std::to_string(sample) +
         ",0.01,0,0.01,0.01,3.3,0,3.3,3.3,0.033,0,0.033,0.033,0.0," + joules + "\n";
}

}  // namespace

TEST_CASE_FIXTURE(Talk, "a Joulescope's running sums become energies") {
  Script script;
  script.reply(text("0.033,0.0,0.1\n#device,sampled_id,i_avg\n" + line(1000, "0.100")));
  script.after(1ms).reply(text(line(2000, "0.101") + "event 00 ris\n" + line(3000, "0.102")));
  // A line is lost: the sums go on.
  script.after(1ms).reply(text("damaged\n" + line(5000, "0.106") + "event 01 ris\n"));
  script.drop();
  auto monitor = this->monitor("joulescope", script);
  Recorder recorder(1000);
  const auto done = clock.run(context, [&]() -> net::Task<void> {
    Supply supply;
    Result<MonitorInfo> info = co_await monitor->prepare(std::move(supply));
    if (!info) co_return std::move(info).error();
    CHECK(info->name == "u/js220/000123");
    Result<void> streamed = co_await monitor->stream(recorder);
    co_return streamed;
  });
  REQUIRE(!done);  // the relay went away
  CHECK(done.error().stable_code() == "link.lost");
  REQUIRE(recorder.edges().size() == 2);
  const Stretch stretch = between(recorder.edges()[0], recorder.edges()[1]);
  CHECK(stretch.joules == doctest::Approx(0.005));
  CHECK(recorder.lost_samples() == 1);
}

TEST_CASE_FIXTURE(Talk, "what is no Joulescope's output is said") {
  Script script;
  script.reply(text("hello\nworld\n"));
  auto monitor = this->monitor("joulescope", script);
  const auto info = clock.run(context, [&]() -> net::Task<MonitorInfo> {
    Supply supply;
    return monitor->prepare(std::move(supply));
  });
  REQUIRE(!info);
  CHECK(info.error().stable_code() == "power.bad_stream");
  CHECK(info.error().peer_text == "world");
}
