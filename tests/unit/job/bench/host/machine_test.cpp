#include "job/bench/host/machine.hpp"

#include <doctest/doctest.h>

#include "../../../image/temporary_folder.hpp"

namespace aiot::bench {
namespace {

// Lines as Linux 6.18 writes them (proc(5)).
constexpr std::string_view stat =
    "cpu  1657707 281839 292565 489845 4316 7 1517 10580 0 0\n"
    "cpu0 819893 146574 138819 257189 754 3 509 5321 0 0\n"
    "cpu1 837814 135265 153745 232655 3562 4 1008 5258 0 0\n"
    "intr 9467391 0 0\n"
    "ctxt 12\n";
constexpr std::string_view cpuinfo =
    "processor\t: 0\n"
    "vendor_id\t: AuthenticAMD\n"
    "model name\t: AMD EPYC 7763 64-Core Processor\n"
    "cpu MHz\t\t: 2445.402\n"
    "flags\t\t: fpu hypervisor lahf_lm\n"
    "\n"
    "processor\t: 1\n"
    "model name\t: AMD EPYC 7763 64-Core Processor\n"
    "cpu MHz\t\t: 3499.998\n";

TEST_CASE("/proc/stat: what each CPU did") {
  const auto cpus = parse_proc_stat(stat);
  REQUIRE(cpus.size() == 3);
  // 819893 + 146574 + 138819 + 3 + 509 and 257189 + 754.
  CHECK(cpus.at(0).busy == 1'105'798);
  CHECK(cpus.at(0).idle == 257'943);
  CHECK(cpus.at(0).steal == 5321);
  CHECK(cpus.at(-1).steal == 10580);
  CHECK(parse_proc_stat("cpu0 1 2\ncpux 1 2 3 4\ncpufreq\n").empty());
  CHECK(parse_proc_stat("cpu3 1 2 3 4").at(3).idle == 4);
  CHECK(parse_proc_stat("cpu3 1 2 3 4").at(3).steal == 0);
}

TEST_CASE("/proc/loadavg and /proc/cpuinfo") {
  CHECK(parse_load("8.57 5.57 3.83 12/119 24164\n") == 8.57);
  CHECK_FALSE(parse_load(""));
  CHECK_FALSE(parse_load("none"));
  CHECK(parse_cpu_model(cpuinfo) == "AMD EPYC 7763 64-Core Processor");
  const auto mhz = parse_cpu_mhz(cpuinfo);
  CHECK(mhz.at(0) == 2445.402);
  CHECK(mhz.at(1) == 3499.998);
  // A Raspberry Pi 4 (Linux 6.1, arm64).
  constexpr std::string_view pi =
      "processor\t: 0\nBogoMIPS\t: 108.00\nCPU part\t: 0xd08\n\nHardware\t: BCM2835\n"
      "Model\t\t: Raspberry Pi 4 Model B Rev 1.4\n";
  CHECK(parse_cpu_model(pi) == "Raspberry Pi 4 Model B Rev 1.4");
  CHECK(parse_cpu_mhz(pi).empty());
}

TEST_CASE("a machine and its state, from a tree of files") {
  const test::TemporaryFolder root;
  root.put("proc/stat", stat);
  root.put("proc/loadavg", std::string_view("0.50 0.40 0.30 1/100 1\n"));
  root.put("proc/cpuinfo", cpuinfo);
  root.put("proc/sys/kernel/osrelease", std::string_view("6.1.0-18-amd64\n"));
  const std::string cpu = "sys/devices/system/cpu/cpu";
  for (const std::string number : {"0", "1"}) {
    root.put(cpu + number + "/cpufreq/scaling_governor", std::string_view("schedutil\n"));
    root.put(cpu + number + "/thermal_throttle/core_throttle_count", std::string_view("3\n"));
  }
  root.put(cpu + "1/cpufreq/scaling_cur_freq", std::string_view("2800000\n"));
  root.put(cpu + "idle/current_driver", std::string_view("none\n"));
  root.put("sys/class/thermal/thermal_zone0/temp", std::string_view("41500\n"));
  root.put("sys/class/thermal/thermal_zone1/temp", std::string_view("-273150\n"));
  root.put("sys/class/thermal/thermal_zone2/temp", std::string_view("62250\n"));

  const Machine machine = read_machine(root.path());
  CHECK(machine.cpu_model == "AMD EPYC 7763 64-Core Processor");
  CHECK(machine.kernel == "6.1.0-18-amd64");
  CHECK(machine.cpus == 2);
  CHECK(machine.virtual_machine);
  CHECK(machine.governors == std::vector<std::string>{"schedutil"});

  const MachineState on_one = read_machine_state(root.path(), 1);
  CHECK(on_one.mhz == 2800);
  CHECK(on_one.load == 0.5);
  CHECK(on_one.temperature_c == 62.25);
  CHECK(on_one.throttled == 6);
  CHECK(on_one.ticks.size() == 3);
  // Without frequency scaling the CPU's own word is taken.
  CHECK(read_machine_state(root.path(), 0).mhz == 2445.402);
}

TEST_CASE("a machine that tells nothing") {
  const test::TemporaryFolder empty;
  const Machine machine = read_machine(empty.path());
  CHECK(machine.cpu_model.empty());
  CHECK(machine.governors.empty());
  const MachineState state = read_machine_state(empty.path(), 0);
  CHECK_FALSE(state.mhz);
  CHECK_FALSE(state.temperature_c);
  CHECK_FALSE(state.throttled);
  CHECK_FALSE(state.load);
}

}  // namespace
}  // namespace aiot::bench
