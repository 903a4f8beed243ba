#include "inference/error.hpp"

namespace aiot::inference {
namespace {

constexpr ErrorRow error_rows[] = {
    {Errc::not_a_model, "model.not_a_model", "this is not a TensorFlow Lite model",
     Condition::invalid_input},
    {Errc::unreadable, "model.unreadable", "the model cannot be read", Condition::invalid_input},
    {Errc::truncated, "model.truncated", "the model ends too early", Condition::invalid_input},
    {Errc::bad_model, "model.bad", "the model is invalid", Condition::invalid_input},
    {Errc::too_large, "model.too_large", "the model is too large", Condition::invalid_input},
    {Errc::unsupported_operator, "model.unsupported_operator",
     "the model has an operator that this engine does not have", Condition::invalid_input},
    {Errc::unsupported_option, "model.unsupported_option",
     "the model uses an operator in a way that this engine does not have",
     Condition::invalid_input},
    {Errc::isa_missing, "engine.isa_missing", "this CPU does not have these instructions",
     Condition::resource},
    {Errc::engine_missing, "engine.missing", "this engine is not installed", Condition::resource},
    {Errc::unknown_builtin, "model.unknown_builtin", "no model of that name is built in",
     Condition::usage},
    {Errc::engine_failed, "engine.failed", "the engine refused", Condition::internal},
};
const ErrorTable error_table("inference", error_rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), error_table}; }

}  // namespace aiot::inference
