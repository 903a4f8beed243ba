#pragma once

#include <cstdint>
#include <string>

#include "aiot/address.hpp"
#include "aiot/event.hpp"
#include "aiot/value.hpp"
#include "net/link.hpp"

namespace aiot::gang {

/// One device's place in a run: what it is called, what it reports, and to whom.
class Place {
 public:
  /// `number` counts from 1, in the order given. `sink` outlives the place.
  Place(Address address, unsigned number, EventSink& sink)
      : address_(std::move(address)), name_(address_.str()), number_(number), sink_(sink) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  const Address& address() const { return address_; }
  const std::string& name() const { return name_; }  ///< the address, as events have it
  unsigned number() const { return number_; }

  /// Enters a step. `weight` is its share of the device's time, in any unit.
  void step(std::string name, double weight);
  const std::string& current_step() const { return step_; }
  /// A failure belongs to an earlier step than the one that has begun since.
  void blame_step(std::string name) { step_ = std::move(name); }
  /// Of the current step. Told when a thousandth more is done: no bar is finer, and a fast line has
  /// thousands of blocks.
  void progress(std::uint64_t done, std::uint64_t total, std::string unit = "B");
  void log(event::Level level, std::string text);
  void notice(std::string code, std::string text, std::string hint = {});

  /// The trace of this device's bytes: a file with its number for "%d", and a notice when it cannot
  /// be written any more. The place outlives the link.
  void trace(net::OpenOptions& open, std::string file);

  /// What is known of the device so far; becomes the report.
  Object fields;
  /// It was cancelled because the time allowed for it is over, and not because the user wished so.
  bool out_of_time = false;

 private:
  Address address_;
  std::string name_;
  unsigned number_;
  EventSink& sink_;
  std::string step_;
  int last_mark_ = -1;
};

}  // namespace aiot::gang
