#include <doctest/doctest.h>

#include <fstream>

#include "scripted.hpp"

using namespace aiot;
using namespace aiot::cli;
using test::run_cli;

TEST_CASE("read -o - gives the bytes and nothing else on standard output") {
  Environment e = test::scripted_environment();
  e.read = [](std::span<const Address> devices, const flash::ReadRequest& r, EventSink& sink,
              std::stop_token) -> Result<flash::Report<flash::ReadResult>> {
    CHECK(r.region.partition == "nvs");
    std::ofstream(r.output, std::ios::binary) << std::string("\0\xff\n", 3);
    return flash::Report<flash::ReadResult>{{test::play<flash::ReadResult>(devices[0], sink)}};
  };
  const auto ran = run_cli({"flash", "read", "tcp://fine:1", "-p", "nvs", "-o", "-"}, e);
  CHECK(ran.exit == 0);
  CHECK(ran.out == std::string("\0\xff\n", 3));
  CHECK(run_cli({"flash", "read", "tcp://fine:1", "--all", "-o", "-", "--json"}, e).exit == 2);
  CHECK(run_cli({"flash", "read", "tcp://a:1", "tcp://b:1", "--all", "-o", "-"}, e).exit == 2);
}

TEST_CASE("read regions") {
  Environment e = test::scripted_environment();
  flash::ReadRequest got;
  e.read = [&](std::span<const Address>, const flash::ReadRequest& r, EventSink&,
               std::stop_token) -> Result<flash::Report<flash::ReadResult>> {
    got = r;
    return flash::Report<flash::ReadResult>();
  };
  CHECK(run_cli({"flash", "read", "/dev/x", "--offset", "0x8000", "--size", "4k", "-o", "f"}, e)
            .exit == 0);
  CHECK(got.region.offset == 0x8000);
  CHECK(got.region.size == 4096);
  CHECK(got.output == "f");
}

TEST_CASE("image, merge and convert need no device") {
  CHECK(run_cli({"flash", "image", "a.bin"}).out ==
        "file    a.bin\nkind    intel-hex\nsize    4.0 KiB (4096)\nsha256  00\nentry   "
        "0x40380000\n");
  CHECK(run_cli({"flash", "image", "a.bin", "--convert", "hex"}).exit == 2);
  CHECK(run_cli({"flash", "image", "a.bin", "--convert", "hex", "-o", "b"}).exit == 0);
  CHECK(run_cli({"flash", "image", "a.bin", "-o", "b"}).exit == 2);
  CHECK(run_cli({"flash", "merge", "a.bin"}).exit == 2);
  CHECK(run_cli({"flash", "merge", "a.bin", "-o", "b", "--fill", "0x100"}).exit == 2);
  const auto merged = run_cli({"flash", "merge", "a.bin", "-o", "b", "--json"});
  CHECK(merged.out.find("\"data\":{\"output\":\"b\",\"chip\":\"esp32c3\",\"base_offset\":0,\"size_"
                        "bytes\":65536,") != std::string::npos);
}

TEST_CASE("settings: flag over environment over default") {
  Environment e = test::scripted_environment();
  e.variable = [](const std::string& name) {
    return name == "AIOT_FLASH_BAUD" ? std::optional<std::string>("115200") : std::nullopt;
  };
  std::uint32_t baud = 1;
  e.info = [&](std::span<const Address>, const flash::InfoRequest& r, EventSink&,
               std::stop_token) -> Result<flash::Report<flash::InfoResult>> {
    baud = r.session.baud_bps;
    return flash::Report<flash::InfoResult>();
  };
  CHECK(run_cli({"flash", "info", "/dev/x"}, e).exit == 0);
  CHECK(baud == 115200);
  CHECK(run_cli({"flash", "info", "/dev/x", "--baud", "9600"}, e).exit == 0);
  CHECK(baud == 9600);
  const auto shown = run_cli({"config", "show", "--origin"}, e);
  CHECK(shown.out.find("  115200  environment AIOT_FLASH_BAUD\n") != std::string::npos);
}
