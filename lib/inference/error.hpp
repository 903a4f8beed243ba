#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::inference {

/// What can be wrong with a model, or with running it here.
enum class Errc {
  not_a_model = 1,       ///< the bytes are no .tflite file
  unreadable,            ///< the file cannot be read
  truncated,             ///< a table, vector or buffer reaches beyond the end of the file
  bad_model,             ///< an index, shape, type or quantisation that is invalid
  too_large,             ///< more tensors, operators or memory than a device's model has
  unsupported_operator,  ///< an operator that this engine does not have
  unsupported_option,    ///< an operator's type, layout or option that this engine does not have
  isa_missing,           ///< this CPU does not have the instructions asked for
  engine_missing,        ///< a library that is opened when needed is not there, or too old
  unknown_builtin,       ///< no model of that name is built in
  engine_failed,         ///< such a library refused the model, or failed while it ran
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::inference

template <>
struct boost::system::is_error_code_enum<aiot::inference::Errc> : std::true_type {};
