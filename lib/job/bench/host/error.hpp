#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::bench {

/// What ends a benchmark badly, beyond what models, engines and files report themselves.
enum class Errc {
  no_model = 1,    ///< neither a file nor the name of a built-in model
  bad_request,     ///< settings that contradict each other
  bad_labels,      ///< the file of labels cannot be understood
  bad_data,        ///< a file of the data set is not one of this model's
  data_form,       ///< a file's bytes are no input of the model's in the form asked for
  bad_baseline,    ///< not an earlier result of this command
  not_comparable,  ///< the baseline is of another model, engine or machine
  worse,           ///< a figure is worse than the baseline allows
  below_minimum,   ///< the accuracy is below the least that was asked for
  wrong_size,      ///< bytes for an input that do not fill it exactly
  pin_failed,      ///< this process may not run on the CPU asked for
  unwritable,      ///< a place for output cannot be written; reported before anything is measured
  stopped,         ///< stopped by the user before the figures were complete
  out_of_time,     ///< the time allowed was over before the figures were complete
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::bench

template <>
struct boost::system::is_error_code_enum<aiot::bench::Errc> : std::true_type {};
