#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "aiot/event.hpp"
#include "render/sanitize.hpp"

namespace aiot::cli::render {

enum class Stamp { none, local, utc, elapsed };

/// How messages are shown to people. The atomic parts can be changed by keys while it runs.
struct MessageStyle {
  Raw raw = Raw::none;
  std::atomic<Stamp> stamp{Stamp::local};
  std::atomic<bool> hex{false};
  bool name_source = false;  ///< several addresses: each line says whose it is
  bool stream = false;       ///< pieces as they come: a line may go on in the next
  bool color = false;
};

/// Writes messages (schema "aiot.message/1") as text: a stamp, where they are from, what they say.
/// Nothing of a device reaches the terminal but what the style allows.
class MessageText {
 public:
  explicit MessageText(std::shared_ptr<const MessageStyle> style) : style_(std::move(style)) {}
  /// With its line feeds.
  std::string operator()(const event::Item& item);

 private:
  std::string message_text(const event::Item& item);
  std::string heading(const Object& fields);
  std::string stamp(const std::string& time);
  std::string stream_text(const std::string& device, const std::string& heading,
                          std::string_view payload);

  std::shared_ptr<const MessageStyle> style_;
  std::map<std::string, Sanitizer> streams_;  // by device
  bool within_line_ = false;                  // of a stream
  double first_s_ = -1;                       // time of day of the first message
};

}  // namespace aiot::cli::render
