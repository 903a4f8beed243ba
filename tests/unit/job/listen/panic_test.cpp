// What crashed devices print, as it stands in ESP-IDF's and the ESP8266 core's documentation.
#include "job/listen/panic.hpp"

#include <doctest/doctest.h>

using aiot::listen::Mention;
using aiot::listen::PanicReader;

TEST_CASE("a backtrace of an Xtensa chip") {
  // ESP-IDF Programming Guide, "Fatal Errors", register dump and backtrace.
  PanicReader reader;
  CHECK(
      reader
          .read(
              "Guru Meditation Error: Core  0 panic'ed (StoreProhibited). Exception was unhandled.")
          .empty());
  CHECK(reader.read("Backtrace: 0x400e14ed:0x3ffb5030 0x400d0802:0x3ffb5050") ==
        std::vector<Mention>{{0x400e14ed, "backtrace", false}, {0x400d0802, "backtrace", false}});
  CHECK(reader.read("Backtrace:0x40081b6e:0x3ffb1d60 |<-CORRUPTED\r").size() == 1);
  CHECK(reader.read("Backtrace: nothing").empty());
}

TEST_CASE("registers of an Xtensa chip: a return address has lost its window bits") {
  PanicReader reader;
  const auto found = reader.read(
      "PC      : 0x400e14ed  PS      : 0x00060030  A0      : 0x800d0805  A1      : 0x3ffb5030  ");
  REQUIRE(found.size() == 4);
  CHECK(found[0] == Mention{0x400e14ed, "PC", false});
  CHECK(found[2] == Mention{0x400d0805, "A0", true});
  CHECK(found[3] == Mention{0x3ffb5030, "A1", false});
}

TEST_CASE("registers and stack memory of a RISC-V chip") {
  PanicReader reader;
  const auto found = reader.read(
      "MEPC    : 0x420048b4  RA      : 0x420048b4  SP      : 0x3fc8f2f0  GP      : 0x3fc8a600  ");
  REQUIRE(found.size() == 4);
  CHECK(found[0] == Mention{0x420048b4, "MEPC", false});
  CHECK(found[1] == Mention{0x420048b4, "RA", true});
  CHECK(reader.read("S0/FP   : 0x420048b4").size() == 1);
  CHECK(reader.read("MSTATUSMSTATUSMSTATUS: 0x420048b4").empty());
  CHECK(reader.read("P\x1b[31mC: 0x420048b4").empty());
  CHECK(reader.read("3fc8f2f0: 0x42006992 0x00000000").empty());  // not announced
  CHECK(reader.read("Stack memory:").empty());
  CHECK(reader.read("3fc8f2f0: 0x42006992 0x00000000 0x3fc8f410 0x42006a2e") ==
        std::vector<Mention>{
            {0x42006992, "stack", true}, {0x3fc8f410, "stack", true}, {0x42006a2e, "stack", true}});
  CHECK(reader.read("").empty());
  CHECK(reader.read("3fc8f300: 0x42006992").empty());
}

TEST_CASE("an exception and the stack of an ESP8266") {
  // ESP8266 Arduino Core documentation, "My ESP crashes".
  PanicReader reader;
  CHECK(reader.read("Exception (28):").empty());
  CHECK(
      reader.read(
          "epc1=0x402103f4 epc2=0x00000000 epc3=0x00000000 excvaddr=0x00000000 depc=0x00000000") ==
      std::vector<Mention>{{0x402103f4, "epc1", false}});
  CHECK(reader.read(">>>stack>>>").empty());
  CHECK(reader.read("ctx: cont").empty());
  CHECK(reader.read("sp: 3ffffc90 end: 3fffffc0 offset: 01a0").empty());
  CHECK(reader.read("3ffffe30:  40223e00 3ffee708 3ffee830 4020130c  ").size() == 4);
  CHECK(reader.read("<<<stack<<<").empty());
  CHECK(reader.read("3ffffe30:  40223e00").empty());
}

TEST_CASE("abort, and lines that only look like it") {
  PanicReader reader;
  CHECK(reader.read("abort() was called at PC 0x400d3a41 on core 0") ==
        std::vector<Mention>{{0x400d3a41, "abort", true}});
  for (const char* line : {"", ":", "::::", "time: 12:30", "A : 0x", "PC : 0x1",
                           "Backtrace:", "0x400d3a41", "I (31) boot: ESP-IDF v5.2: 0x12"}) {
    CAPTURE(line);
    CHECK(reader.read(line).empty());
  }
  // No line is too long: 64 addresses are taken of it.
  std::string many = "Backtrace:";
  for (int i = 0; i < 1000; ++i) many += " 0x400e14ed:0x3ffb5030";
  CHECK(reader.read(many).size() == 64);
}
