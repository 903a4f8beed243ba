#include "gang/place.hpp"

#include <doctest/doctest.h>

#include "ends.hpp"

namespace aiot::gang::test {
namespace {

using Lines = std::vector<std::string>;

TEST_CASE("a place gives its device's events") {
  Words words;
  Place place(*parse_address("tcp://one:1"), 3, words);
  CHECK(place.name() == "tcp://one:1");
  CHECK(place.number() == 3);
  CHECK(place.current_step().empty());
  place.step("connect", 1);
  place.log(event::Level::debug, "hello");
  place.notice("test.odd", "odd", "look");
  place.progress(1, 2, "files");
  CHECK(words.lines == Lines{"tcp://one:1 step connect", "tcp://one:1 log hello",
                             "tcp://one:1 test.odd odd look", "tcp://one:1 1/2 files"});
  place.step("write", 1);
  CHECK(place.current_step() == "write");
  place.blame_step("connect");
  CHECK(place.current_step() == "connect");
  CHECK(words.lines.size() == 5);  // blame is no event
}

TEST_CASE("a trace has the device's number, and is told when it ends early") {
  Words words;
  Place place(*parse_address("tcp://one:1"), 3, words);
  net::OpenOptions open;
  place.trace(open, "t-%d.txt");
  CHECK(open.trace_file == "t-3.txt");
  open.on_trace_lost(Error(make_error_code(Ends::none), "trace file t-3.txt: full", "make room"));
  CHECK(words.lines == Lines{"tcp://one:1 trace.unwritable trace file t-3.txt: full make room"});
  place.trace(open, "");
  CHECK(open.trace_file.empty());
}

TEST_CASE("progress is told by thousandths, anew in each step") {
  Words words;
  Place place(*parse_address("tcp://one:1"), 1, words);
  place.step("write", 1);
  for (std::uint64_t done = 0; done <= 100'000; ++done) place.progress(done, 100'000);
  CHECK(words.lines.size() == 1 + 1001);
  CHECK(words.lines.back() == "tcp://one:1 100000/100000 B");
  place.progress(100'000, 100'000);
  CHECK(words.lines.size() == 1 + 1001);
  place.step("verify", 1);
  place.progress(100'000, 100'000);
  CHECK(words.lines.size() == 1 + 1001 + 2);
  place.step("nothing", 1);
  place.progress(0, 0);
  CHECK(words.lines.back() == "tcp://one:1 0/0 B");
}

}  // namespace
}  // namespace aiot::gang::test
