#include "net/trace.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace aiot::net {

Result<std::unique_ptr<TraceWriter>> TraceWriter::create(const std::string& path) {
  const int fd =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
  struct stat status = {};
  if (fd < 0 || ::fstat(fd, &status) != 0) {
    const int number = errno;
    if (fd >= 0) ::close(fd);
    return make_error(number == EACCES || number == EPERM ? Errc::no_permission : Errc::io,
                      "trace file " + path + ": " + std::generic_category().message(number),
                      number == ELOOP ? "a trace is not written through a symbolic link"
                                      : "name a file in a folder that you may write to");
  }
  // What was there may have been readable by others.
  if (!S_ISREG(status.st_mode) || ::fchmod(fd, 0600) != 0 || ::ftruncate(fd, 0) != 0) {
    ::close(fd);
    return make_error(Errc::io, "trace file " + path + ": not a file of this user");
  }
  std::FILE* file = ::fdopen(fd, "w");
  if (!file) {
    ::close(fd);
    return make_error(Errc::io, "trace file " + path);
  }
  return std::unique_ptr<TraceWriter>(new TraceWriter(file, path));
}

TraceWriter::~TraceWriter() { std::fclose(file_); }

Result<void> TraceWriter::lost() {
  lost_ = true;
  return make_error(Errc::io, "trace file " + path_ + ": " + std::generic_category().message(errno),
                    "it ends there: free some space, or write elsewhere");
}

Result<void> TraceWriter::write(const TraceEvent& event) {
  if (lost_) return {};
  const std::string line = format_trace_event(event) + "\n";
  if (std::fwrite(line.data(), 1, line.size(), file_) != line.size()) return lost();
  return {};
}

Result<void> TraceWriter::flush() {
  if (!lost_ && std::fflush(file_) != 0) return lost();
  return {};
}

TracingLink::TracingLink(std::unique_ptr<Link> link, std::unique_ptr<TraceWriter> trace,
                         OnTraceLost on_lost)
    : link_(std::move(link)),
      trace_(std::move(trace)),
      on_lost_(std::move(on_lost)),
      start_(link_->clock().now()) {}

TracingLink::~TracingLink() { close(); }

template <class What>
void TracingLink::note(What what) {
  TraceEvent event;
  event.when = std::chrono::duration_cast<std::chrono::microseconds>(clock().now() - start_);
  event.what = std::move(what);
  tell(trace_->write(event));
}

void TracingLink::tell(const Result<void>& written) const {
  if (!written && on_lost_) on_lost_(written.error());
}

void TracingLink::note_lost(const Error& error) {
  if (error.code != Errc::link_lost || lost_) return;
  lost_ = true;
  note(TraceEvent::Mark::lost);
}

Task<std::size_t> TracingLink::read_some(std::span<std::uint8_t> buffer, TimePoint deadline) {
  Result<std::size_t> count = co_await link_->read_some(buffer, deadline);
  if (count) {
    const auto read = buffer.first(*count);
    note(TraceEvent::Read{Bytes(read.begin(), read.end())});
  } else {
    note_lost(count.error());
  }
  co_return count;
}

Task<void> TracingLink::write(ByteSpan data, TimePoint deadline) {
  // Before the bytes leave: an answer must not stand before its question.
  if (!data.empty()) note(TraceEvent::Written{Bytes(data.begin(), data.end())});
  Result<void> written = co_await link_->write(data, deadline);
  if (!written) note_lost(written.error());
  co_return written;
}

Task<void> TracingLink::drain(TimePoint deadline) {
  Result<void> drained = co_await link_->drain(deadline);
  if (!drained) note_lost(drained.error());
  co_return drained;
}

Task<void> TracingLink::discard_input() {
  Result<void> discarded = co_await link_->discard_input();
  if (!discarded) note_lost(discarded.error());
  co_return discarded;
}

Task<void> TracingLink::set_baud(std::uint32_t baud_bps) {
  note(TraceEvent::Baud{baud_bps});
  Result<void> set = co_await link_->set_baud(baud_bps);
  if (!set) note_lost(set.error());
  co_return set;
}

Task<void> TracingLink::set_lines(std::span<const LineStep> steps) {
  for (const LineStep& step : steps) note(step);
  Result<void> set = co_await link_->set_lines(steps);
  if (!set) note_lost(set.error());
  co_return set;
}

Task<void> TracingLink::reopen(TimePoint deadline) {
  Result<void> reopened = co_await link_->reopen(deadline);
  if (reopened) {
    lost_ = closed_ = false;
    note(TraceEvent::Mark::reopened);
  }
  co_return reopened;
}

void TracingLink::close() {
  if (!closed_) note(TraceEvent::Mark::closed);
  closed_ = true;
  link_->close();
  tell(trace_->flush());
}

}  // namespace aiot::net
