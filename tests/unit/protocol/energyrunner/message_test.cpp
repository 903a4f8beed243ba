#include "protocol/energyrunner/message.hpp"

#include <doctest/doctest.h>

#include "show.hpp"

using namespace aiot;
using namespace aiot::energyrunner;

namespace {

Message decoded(std::string_view line) {
  Result<Message> message = decode_line(line);
  REQUIRE_MESSAGE(message, line);
  return *message;
}

}  // namespace

// Lines as benchmark/api and benchmark/reference_submissions of mlcommons/tiny print them.
TEST_CASE("every line that a device of the reference says") {
  CHECK(decoded("m-ready").kind == Kind::ready);
  CHECK(decoded("m-init-done").kind == Kind::init_done);
  CHECK(decoded("m-timestamp-mode-performance").text == "performance");
  CHECK(decoded("m-timestamp-mode-energy").text == "energy");
  CHECK(decoded("m-name-dut-[unspecified]").text == "unspecified");
  CHECK(decoded("m-profile-[ULPMark for tinyML Firmware V0.0.1]").text ==
        "ULPMark for tinyML Firmware V0.0.1");
  CHECK(decoded("m-model-[ic01]").text == "ic01");
  CHECK(decoded("m-lap-us-4294967295").number == 4294967295U);
  CHECK(decoded("m-[Expecting 3072 bytes]").number == 3072);
  CHECK(decoded("m-load-done").kind == Kind::load_done);
  CHECK(decoded("m-buffer-00-01-ff-7f-80-10-20-30").bytes ==
        Bytes{0x00, 0x01, 0xFF, 0x7F, 0x80, 0x10, 0x20, 0x30});
  CHECK(decoded("m-warmup-start-10").number == 10);
  CHECK(decoded("m-warmup-done").kind == Kind::warmup_done);
  CHECK(decoded("m-infer-start-1").number == 1);
  CHECK(decoded("m-infer-done").kind == Kind::infer_done);
  CHECK(decoded("m-results-[0.000,0.004,0.996]").values == std::vector<double>{0, 0.004, 0.996});
  // Visual wake words counts its commas by three results, and has two.
  CHECK(decoded("m-results-[0.430,0.570,]").values == std::vector<double>{0.43, 0.57});
  CHECK(decoded("m-results-[-12.345]").values == std::vector<double>{-12.345});
}

TEST_CASE("errors, with e- and without") {
  const Message unknown = decoded("e-[Unknown command: m-ready]");
  CHECK(unknown.kind == Kind::error);
  CHECK(unknown.text == "Unknown command: m-ready");
  CHECK(unknown.cause == Message::Cause::other);
  const Message input = decoded("Input db has 31 elemented, expected 3072");
  CHECK(input.kind == Kind::error);
  CHECK(input.cause == Message::Cause::not_loaded);
  CHECK(decoded("Supplied buffer size 30000 exceeds maximum of 27648").cause ==
        Message::Cause::too_large);
}

TEST_CASE("a message is found behind what stands in front of it") {
  CHECK(decoded("name%m-name-dut-[x]").text == "x");
  CHECK(decoded("[dut]: m-ready").kind == Kind::ready);
  CHECK(decoded("\xFE\x01m-rm-ready").kind == Kind::ready);
  CHECK(decoded("m-dut-passthrough(profile)").kind == Kind::passed_on);
  CHECK(decoded("ets Jul 29 2019 12:21:46").kind == Kind::text);
  CHECK(decoded("").kind == Kind::text);
}

TEST_CASE("a damaged message is an error, never another message") {
  for (const char* line :
       {"m-lap-us-", "m-lap-us-12x4", "m-lap-us-4294967296", "m-lap-us--1", "m-results-[0.1,abc]",
        "m-results-[0.1", "m-results-[]", "m-buffer-0", "m-buffer-00-", "m-buffer-0g", "m-readyx",
        "m-[Expecting x bytes]", "m-[Expecting 12", "m-name-dut-[x", "m-infer-start-"}) {
    Result<Message> message = decode_line(line);
    CHECK_MESSAGE(!message, line);
    if (!message) CHECK(message.error().stable_code() == "energyrunner.garbled");
  }
  std::string many = "m-results-[0";
  for (std::size_t i = 0; i < most_results; ++i) many += ",0";
  CHECK(!decode_line(many + "]"));
}

TEST_CASE("lines end in every way, and are never too long") {
  LineReader lines;
  lines.add(as_bytes(std::string_view("a\r\nb\nc\rd\0e\r\r\n\nf", 16)));
  CHECK(lines.next() == "a");
  CHECK(lines.next() == "b");
  CHECK(lines.next() == "c");
  CHECK(lines.next() == "de");
  CHECK(!lines.next());
  CHECK(lines.tail() == "f");
  lines.end_line();
  CHECK(lines.next() == "f");
  lines.add(Bytes(LineReader::most_chars + 5, 'x'));
  CHECK(lines.next()->size() == LineReader::most_chars);
  CHECK(lines.tail() == "xxxxx");
}

TEST_CASE("the largest part of an upload is as long as a device's buffer allows") {
  CHECK(most_chunk_bytes == 38);
  const Bytes bytes(most_chunk_bytes, 0xAB);
  CHECK(chunk_command(bytes).size() == 79);
  CHECK(chunk_command(Bytes{0x00, 0xFF, 0x1A}) == "db 00ff1a");
  CHECK(load_command(3072) == "db load 3072");
  CHECK(infer_command(10, 0) == "infer 10 0");
}
