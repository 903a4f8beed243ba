#include "job/bench/device_reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "job/bench/error.hpp"
#include "job/bench/subject.hpp"

namespace aiot::bench {

namespace tiny = inference::tiny;

std::string_view text_of(InputSlip slip) {
  switch (slip) {
    case InputSlip::none: return "";
    case InputSlip::signed_as_unsigned: return "128 is taken off the input, or not, by mistake";
    case InputSlip::one_up: return "each input value is one step too high";
    case InputSlip::one_down: return "each input value is one step too low";
    case InputSlip::cut: return "input values are cut where they should be rounded";
  }
  return "";
}

std::vector<InputSlip> slips_of(const tiny::Task& task) {
  if (task.input == tiny::Input::floats) {
    return {InputSlip::one_up, InputSlip::one_down, InputSlip::cut};
  }
  return {InputSlip::signed_as_unsigned, InputSlip::one_up, InputSlip::one_down};
}

Result<std::shared_ptr<const inference::Model>> Reference::read(const std::string& name) {
  AIOT_TRY(const Subject subject, find_subject(name));
  return subject.model;
}

Result<std::unique_ptr<Reference>> Reference::make(std::shared_ptr<const inference::Model> model,
                                                   const tiny::Task& task) {
  const inference::EngineOptions options;
  AIOT_TRY(auto engine, inference::make_reference_engine(std::move(model), options));
  return make(std::move(engine), task);
}

Result<std::unique_ptr<Reference>> Reference::make(std::unique_ptr<inference::Engine> engine,
                                                   const tiny::Task& task) {
  if (engine->inputs().size() != 1 || engine->outputs().size() != 1) {
    return make_error(Errc::bad_request, "a device under test has one input and one output");
  }
  return std::unique_ptr<Reference>(new Reference(std::move(engine), task));
}

std::size_t Reference::upload_bytes() const { return tiny::upload_bytes(task_, input()); }

float Reference::step() const { return task_.reconstruction ? 0 : engine_->outputs()[0].scale; }

Result<std::vector<float>> Reference::results(ByteSpan upload) {
  return results(upload, InputSlip::none);
}

Result<std::vector<float>> Reference::results(ByteSpan upload, InputSlip slip) {
  if (upload.size() != upload_bytes()) {
    return make_error(Errc::wrong_size, fmt::format("an input of {} bytes, the model takes {}",
                                                    upload.size(), upload_bytes()));
  }
  const std::span<std::uint8_t> values = engine_->input(0);
  if (slip == InputSlip::cut) {
    // A value that is cut is one that had been moved to the middle of its step, towards zero.
    Bytes moved(upload.begin(), upload.end());
    for (std::size_t i = 0; i + 4 <= moved.size(); i += 4) {
      float value = 0;
      std::memcpy(&value, moved.data() + i, 4);
      value = std::trunc(value / input().scale) * input().scale;
      std::memcpy(moved.data() + i, &value, 4);
    }
    tiny::fill_input(task_, input(), moved, values);
  } else {
    tiny::fill_input(task_, input(), upload, values);
  }
  for (std::uint8_t& value : values) {
    const auto stored = static_cast<std::int8_t>(value);
    if (slip == InputSlip::signed_as_unsigned) value = static_cast<std::uint8_t>(value ^ 0x80);
    if (slip == InputSlip::one_up && stored < 127) ++value;
    if (slip == InputSlip::one_down && stored > -128) --value;
  }
  AIOT_CHECK(engine_->invoke());
  return tiny::results_of(task_, *engine_, upload);
}

}  // namespace aiot::bench
