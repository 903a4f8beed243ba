#include "job/bench/host/error.hpp"

namespace aiot::bench {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::no_model, "bench.no_model", "no such model", Condition::invalid_input},
    {Errc::bad_request, "bench.bad_request", "these settings contradict each other",
     Condition::usage},
    {Errc::bad_labels, "bench.bad_labels", "not a file of labels", Condition::invalid_input},
    {Errc::bad_data, "bench.bad_data", "the data does not fit the model", Condition::invalid_input},
    {Errc::data_form, "bench.data_form", "the file does not fill the model's input",
     Condition::invalid_input},
    {Errc::bad_baseline, "bench.bad_baseline", "not an earlier result of this command",
     Condition::invalid_input},
    {Errc::not_comparable, "bench.not_comparable", "the baseline is of something else",
     Condition::invalid_input},
    {Errc::worse, "bench.worse", "worse than the baseline allows", Condition::mismatch},
    {Errc::below_minimum, "bench.below_minimum", "below the accuracy asked for",
     Condition::mismatch},
    {Errc::wrong_size, "bench.wrong_size", "the bytes do not fill the model's input",
     Condition::invalid_input},
    {Errc::pin_failed, "bench.pin_failed", "this process may not run on that CPU",
     Condition::resource},
    {Errc::unwritable, "bench.unwritable", "the output cannot be written there",
     Condition::resource},
    {Errc::stopped, "bench.stopped", "stopped before the figures were complete",
     Condition::cancelled},
    {Errc::out_of_time, "bench.timeout",
     "the time allowed was over before the figures were complete", Condition::timeout},
};
const ErrorTable table("bench", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::bench
