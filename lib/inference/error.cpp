#include "inference/error.hpp"

#include <array>

namespace aiot::inference {
namespace {

constexpr std::array<ErrorRow, 11> error_rows = {{
    {static_cast<int>(Errc::not_a_model), "model.not_a_model",
     "this is not a TensorFlow Lite model", Condition::invalid_input},
    {static_cast<int>(Errc::unreadable), "model.unreadable", "the model cannot be read",
     Condition::invalid_input},
    {static_cast<int>(Errc::truncated), "model.truncated", "the model ends too early",
     Condition::invalid_input},
    {static_cast<int>(Errc::bad_model), "model.bad", "the model is invalid",
     Condition::invalid_input},
    {static_cast<int>(Errc::too_large), "model.too_large", "the model is too large",
     Condition::invalid_input},
    {static_cast<int>(Errc::unsupported_operator), "model.unsupported_operator",
     "the model has an operator that this engine does not have", Condition::invalid_input},
    {static_cast<int>(Errc::unsupported_option), "model.unsupported_option",
     "the model uses an operator in a way that this engine does not have",
     Condition::invalid_input},
    {static_cast<int>(Errc::isa_missing), "engine.isa_missing",
     "this CPU does not have these instructions", Condition::resource},
    {static_cast<int>(Errc::engine_missing), "engine.missing", "this engine is not installed",
     Condition::resource},
    {static_cast<int>(Errc::unknown_builtin), "model.unknown_builtin",
     "no model of that name is built in", Condition::usage},
    {static_cast<int>(Errc::engine_failed), "engine.failed", "the engine refused",
     Condition::internal},
}};
const ErrorTable error_table("inference", error_rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), error_table}; }

}  // namespace aiot::inference
