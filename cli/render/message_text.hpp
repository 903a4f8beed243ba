#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "aiot/event.hpp"
#include "aiot/listen.hpp"
#include "render/sanitize.hpp"

namespace aiot::cli::render {

enum class Stamp { none, local, utc, elapsed };

/// How messages are shown to people. The atomic parts can be changed by keys while it runs.
struct MessageStyle {
  Raw raw = Raw::none;
  std::atomic<Stamp> stamp{Stamp::local};
  std::atomic<bool> hex{false};
  bool name_source = false;  ///< several addresses: each line names its own
  bool stream = false;       ///< pieces as they come: a line may go on in the next
  bool color = false;
};

/// Writes messages as text: a time stamp, where they are from, their content.
/// Nothing of a device reaches the terminal but what the style allows.
class MessageText {
 public:
  explicit MessageText(std::shared_ptr<const MessageStyle> style) : style_(std::move(style)) {}
  /// With its line feeds.
  std::string operator()(const event::Item& item);

 private:
  std::string message_text(const listen::Message& message);
  std::string heading(const listen::Message& message);
  std::string stamp(listen::SystemTime time);
  std::string stream_text(const std::string& device, const std::string& heading,
                          std::string_view payload);

  std::shared_ptr<const MessageStyle> style_;
  std::map<std::string, Sanitizer> streams_;  // by device
  bool within_line_ = false;                  // of a stream
  std::optional<listen::SystemTime> first_;   // time of day of the first message
};

}  // namespace aiot::cli::render
