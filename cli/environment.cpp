#include "environment.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include "aiot/ports.hpp"
#include "process.hpp"

namespace aiot::cli {
namespace {

winsize window() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0) ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
  return size;
}

std::optional<std::string> variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

Terminal real_terminal() {
  Terminal terminal;
  terminal.in = ::isatty(STDIN_FILENO) != 0;
  terminal.out = ::isatty(STDOUT_FILENO) != 0;
  terminal.err = ::isatty(STDERR_FILENO) != 0;
  terminal.dumb = variable("TERM").value_or("dumb") == "dumb";
  terminal.columns = [] {
    const unsigned columns = window().ws_col;
    return columns == 0 ? 80U : columns;
  };
  terminal.rows = [] {
    const unsigned rows = window().ws_row;
    return rows == 0 ? 24U : rows;
  };
  return terminal;
}

}  // namespace

Environment real_environment(Signals& signals) {
  Environment e;
  e.write = flash::write;
  e.verify = flash::verify;
  e.read = flash::read;
  e.erase = flash::erase;
  e.info = flash::info;
  e.reset = flash::reset;
  e.expand_usb = expand_usb_address;
  e.explain = firmware::explain;
  e.merge = firmware::merge;
  e.convert = firmware::convert;
  e.find_devices = discover::run;
  e.discover_sources = discover::sources;
  e.pair_devices = pair::run;
  e.push = ota::push;
  e.pair_takes = pair::takes;
  e.simulate = sim::run;
  e.simulate_provision = sim::run_provision;
  e.simulate_ota = sim::run_ota;
  e.sim_devices = sim::devices;
  e.sim_faults = sim::faults;
  e.sim_stages = sim::stages;
  e.sim_fault_grammar = sim::fault_grammar;
  e.sim_profiles = sim::profiles;
  e.listen = listen::run;
  e.listen_schemes = listen::schemes;
  e.bench_run = bench::run;
  e.bench_infer = bench::infer;
  e.bench_devices = bench::run_devices;
  e.read_input = read_standard_input;
  e.raw_terminal = raw_terminal;
  e.variable = variable;
  e.terminal = real_terminal();
  e.signals = &signals;
  return e;
}

}  // namespace aiot::cli
