#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "net/link.hpp"
#include "net/script.hpp"

namespace aiot::net {

/// What passed over a link, one line of text an event:
///
///     +0.001234 > c0 00 08 24 00      to the device
///     +0.002100 < c0 01 08            from the device
///     +0.150000 # dtr=1 rts=0 hold=100
///     +0.160000 # baud 921600
///     +0.170000 # lost                also: reopened, closed
///
/// Times are seconds since the trace began.
struct TraceEvent {
  struct Written {
    Bytes bytes;
  };
  struct Read {
    Bytes bytes;
  };
  struct Baud {
    std::uint32_t baud_bps = 0;
  };
  enum class Mark { lost, reopened, closed };

  std::chrono::microseconds when{0};
  std::variant<Written, Read, LineStep, Baud, Mark> what;
};

/// The line of one event, without its line feed.
std::string format_trace_event(const TraceEvent& event);
/// Events of a whole trace; Errc::io names the line that is none.
Result<std::vector<TraceEvent>> parse_trace(std::string_view text);
Result<std::vector<TraceEvent>> read_trace(const std::string& path);

/// The script that gives the device's side of a trace again, with its own timing: what the host
/// writes is expected as it was written, rates and lines where they were set.
Script script_from_trace(const std::vector<TraceEvent>& events);

/// A trace file being written. It may hold keys and passwords: readable by its owner alone, and
/// never written through a symbolic link.
class TraceWriter {
 public:
  static Result<std::unique_ptr<TraceWriter>> create(const std::string& path);
  ~TraceWriter();
  TraceWriter(const TraceWriter&) = delete;
  TraceWriter& operator=(const TraceWriter&) = delete;

  /// Errc::io once, when the file does not take what it is given: it ends there.
  Result<void> write(const TraceEvent& event);
  /// Bytes reach the file when the buffer is full, here, and at the end. Errors as write().
  Result<void> flush();

 private:
  TraceWriter(std::FILE* file, std::string path) : file_(file), path_(std::move(path)) {}
  Result<void> lost();

  std::FILE* file_;
  std::string path_;
  bool lost_ = false;
};

/// Bytes of one direction with secrets replaced by asterisks, also where a secret comes in pieces:
/// the beginning of one is hidden before its end is known. Secrets of less than 4 bytes stay, for
/// they are everywhere.
class SecretMask {
 public:
  explicit SecretMask(std::vector<std::string> secrets);
  Bytes hide(ByteSpan bytes);

 private:
  std::vector<Bytes> secrets_;
  Bytes before_;  ///< what came last, as long as a secret may be
};

/// Passes everything through to another link, and writes it down. A trace that cannot be written
/// any more is no error of the link: `on_lost` is called, once.
class TracingLink final : public Link {
 public:
  TracingLink(std::unique_ptr<Link> link, std::unique_ptr<TraceWriter> trace,
              OnTraceLost on_lost = {}, const std::vector<std::string>& secrets = {});
  ~TracingLink() override;

  const LinkInfo& info() const override { return link_->info(); }
  Clock& clock() override { return link_->clock(); }
  Task<std::size_t> read_some(std::span<std::uint8_t> buffer, TimePoint deadline) override;
  Task<void> write(ByteSpan data, TimePoint deadline) override;
  Task<void> drain(TimePoint deadline) override;
  Task<void> discard_input() override;
  Task<void> set_baud(std::uint32_t baud_bps) override;
  Task<void> set_lines(std::span<const LineStep> steps) override;
  Task<void> reopen(TimePoint deadline) override;
  void close() override;

 private:
  template <class What>
  void note(What what);
  void note_lost(const Error& error);
  void tell(const Result<void>& written) const;

  std::unique_ptr<Link> link_;
  std::unique_ptr<TraceWriter> trace_;
  OnTraceLost on_lost_;
  SecretMask written_mask_;
  SecretMask read_mask_;
  TimePoint start_;
  bool closed_ = false;
  bool lost_ = false;
};

}  // namespace aiot::net
