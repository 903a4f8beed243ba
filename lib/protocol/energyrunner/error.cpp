#include "protocol/energyrunner/error.hpp"

namespace aiot::energyrunner {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::no_answer, "energyrunner.no_answer", "the device did not answer", Condition::timeout,
     true},
    {Errc::not_a_device, "energyrunner.not_a_device",
     "the device that replies is no device under test", Condition::protocol},
    {Errc::garbled, "energyrunner.garbled", "a line of the device's is damaged",
     Condition::protocol, true},
    {Errc::refused, "energyrunner.refused", "the device refused", Condition::protocol},
    {Errc::too_large, "energyrunner.too_large", "the device's buffer is too small for the input",
     Condition::protocol},
    {Errc::not_loaded, "energyrunner.not_loaded", "the device's input is incomplete",
     Condition::protocol, true},
    {Errc::upload_failed, "energyrunner.upload_failed", "the input could not be loaded",
     Condition::protocol, true},
    {Errc::upload_mismatch, "energyrunner.upload_mismatch",
     "the device holds other bytes than were sent", Condition::mismatch},
    {Errc::restarted, "energyrunner.restarted", "the device started again", Condition::protocol,
     true},
    {Errc::incomplete, "energyrunner.incomplete", "the device's reply lacks a part",
     Condition::protocol, true},
    {Errc::bad_fault, "energyrunner.bad_fault", "not a fault of a device under test",
     Condition::usage},
};
const ErrorTable table("energyrunner", rows);

const char* next_step(Errc code) {
  switch (code) {
    case Errc::garbled: return "see its cable and its rate, and that nothing else talks to it";
    case Errc::refused: return "see what its firmware takes, and that it is the benchmark's";
    case Errc::too_large:
      return "see that the input is for the device's model, or build its firmware with a larger "
             "buffer";
    case Errc::not_loaded:
    case Errc::upload_failed:
      return "see its cable and its rate, and that the input is for the device's model";
    case Errc::upload_mismatch:
      return "see its cable and its rate, and how its firmware takes and keeps its input";
    case Errc::restarted: return "see that its supply and its reset are steady";
    case Errc::incomplete: return "see its cable and its rate, and what its firmware prints";
    case Errc::no_answer:
    case Errc::not_a_device:
      return "see that it runs the benchmark's firmware, and that nothing else talks to it";
    case Errc::bad_fault: break;
  }
  return "";
}

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

Error fault_of(Errc code, std::string context) {
  return make_error(code, std::move(context), next_step(code));
}

}  // namespace aiot::energyrunner
