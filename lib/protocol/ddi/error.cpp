#include "protocol/ddi/error.hpp"

namespace aiot::ddi {
namespace {

constexpr ErrorRow ddi_rows[] = {
    {Errc::bad_message, "ddi.bad_message", "not a message of hawkBit's DDI", Condition::protocol},
    {Errc::bad_journal, "ddi.bad_journal", "not a line of the journal of DDI's devices",
     Condition::invalid_input},
};
const ErrorTable ddi_table("ddi", ddi_rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept {
  return {static_cast<int>(e), ddi_table};
}

}  // namespace aiot::ddi
