#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>

#include "aiot/document.hpp"
#include "aiot/error.hpp"
#include "aiot/export.hpp"

namespace aiot {

/// Events are the life of a job. `device` is the address as it was given.
namespace event {

struct Started {
  std::string device;
  std::string job;  ///< "flash write"
};
/// The device enters a step. The weights of a job's steps let a bar show the whole job.
struct Step {
  std::string device;
  std::string name;  ///< "connect", "write bootloader.bin"
  double weight = 0;
};
struct Progress {
  std::string device;
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  std::string unit = "B";
};
enum class Level { debug, info, warning };
struct Log {
  std::string device;
  Level level = Level::info;
  std::string text;  ///< may hold a device's words; the renderer escapes
};
/// Something the user should know that is not a failure.
struct Notice {
  std::string device;
  std::string code;  ///< stable, dotted
  std::string text;
  std::string hint;
};
/// One of the many things a job finds or receives while it runs: a nearby device, a message.
struct Item {
  std::string device;  ///< what it concerns: a device's id, a source's address
  std::string kind;    ///< "found", "changed", "lost", "message", …
  Document record;
};
struct Finished {
  std::string device;
  Document result;
};
struct Failed {
  std::string device;
  std::string step;
  Error error;
};

}  // namespace event

using Event = std::variant<event::Started, event::Step, event::Progress, event::Log, event::Notice,
                           event::Item, event::Finished, event::Failed>;

/// Where a job's events go. Called on the thread that runs the job, never concurrently; each device
/// that was started ends in exactly one Finished or Failed.
class AIOT_API EventSink {
 public:
  virtual ~EventSink();
  virtual void on_event(const Event& event) = 0;
  /// The job is about to wait: nothing more is at hand just now. Jobs with a flood of items call
  /// it, so that these need not be written out one by one.
  virtual void on_pause() {}
};

/// Drops everything.
AIOT_API EventSink& null_sink();

}  // namespace aiot
