#include "protocol/dnssd/error.hpp"

#include <array>

namespace aiot::dnssd {
namespace {

constexpr std::array<ErrorRow, 3> rows = {{
    {static_cast<int>(Errc::truncated), "dnssd.truncated", "the DNS packet ends inside a record",
     Condition::protocol},
    {static_cast<int>(Errc::bad_name), "dnssd.bad_name", "a name in the DNS packet is malformed",
     Condition::protocol},
    {static_cast<int>(Errc::too_large), "dnssd.too_large", "the DNS packet is beyond 9000 bytes",
     Condition::protocol},
}};
const ErrorTable table("dnssd", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::dnssd
