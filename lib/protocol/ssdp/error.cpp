#include "protocol/ssdp/error.hpp"

#include <array>

namespace aiot::ssdp {
namespace {

constexpr std::array rows = {
    ErrorRow{static_cast<int>(Errc::not_ssdp), "ssdp.syntax", "not an SSDP message",
             Condition::protocol},
    ErrorRow{static_cast<int>(Errc::too_large), "ssdp.large", "the SSDP message is too large",
             Condition::protocol},
    ErrorRow{static_cast<int>(Errc::not_a_description), "ssdp.description",
             "not the description of a UPnP device", Condition::protocol},
};
const ErrorTable table("ssdp", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::ssdp
