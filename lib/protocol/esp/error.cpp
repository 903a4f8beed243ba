#include "protocol/esp/error.hpp"

namespace aiot::esp {
namespace {

constexpr ErrorRow error_rows[] = {
    {Errc::no_sync, "esp.no_sync", "no loader answered", Condition::timeout, true},
    {Errc::no_reply, "esp.no_reply", "the loader stopped answering", Condition::timeout, true},
    {Errc::wrong_chip, "esp.wrong_chip", "this is another chip", Condition::mismatch},
    {Errc::unknown_chip, "esp.unknown_chip", "not a chip that is known here", Condition::protocol},
    {Errc::refused, "esp.refused", "the loader refused", Condition::protocol, true},
    {Errc::damaged, "esp.damaged", "the loader got a damaged request", Condition::protocol, true},
    {Errc::unsupported, "esp.unsupported", "the loader does not know the command",
     Condition::protocol},
    {Errc::bad_reply, "esp.bad_reply", "the loader's reply is malformed", Condition::protocol,
     true},
    {Errc::rom_cannot, "esp.rom_cannot", "the chip's ROM cannot do this", Condition::protocol},
    {Errc::secure_download, "esp.secure_download", "the chip is in secure download mode",
     Condition::refused_security},
    {Errc::md5_mismatch, "esp.md5_mismatch", "the bytes were changed on their way",
     Condition::mismatch, true},
    {Errc::block_lost, "esp.block_lost", "a compressed block was lost", Condition::timeout, true},
    {Errc::stub_failed, "esp.stub_failed", "the stub did not start", Condition::protocol, true},
    {Errc::stub_invalid, "esp.stub_invalid", "not a usable stub", Condition::invalid_input},
    {Errc::baud_failed, "esp.baud_failed", "the chip does not answer at this rate",
     Condition::timeout, true},
    {Errc::baud_lost, "esp.baud_lost", "the chip was left at a rate that this wire garbles",
     Condition::timeout, true},
    {Errc::cannot_reset, "esp.cannot_reset", "the chip cannot be reset over this link",
     Condition::resource},
    {Errc::bad_range, "esp.bad_range", "not a range of flash", Condition::usage},
};
const ErrorTable error_table("esp", error_rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept {
  return {static_cast<int>(e), error_table};
}

}  // namespace aiot::esp
