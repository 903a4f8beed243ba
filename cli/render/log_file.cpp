#include "render/log_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <system_error>

#include "aiot/bytes.hpp"
#include "errors.hpp"
#include "render/json.hpp"

namespace aiot::cli::render {
namespace {

struct Line {
  std::string device;
  std::string text;
};

Line log_line(const event::Started& e) { return {e.device, "started " + e.job}; }
Line log_line(const event::Step& e) { return {e.device, "step " + e.name}; }
Line log_line(const event::Progress& e) {
  return {e.device, fmt::format("progress {}/{} {}", e.done, e.total, e.unit)};
}
Line log_line(const event::Log& e) {
  const char* level = e.level == event::Level::debug  ? "debug"
                      : e.level == event::Level::info ? "info"
                                                      : "warning";
  return {e.device, fmt::format("{} {}", level, e.text)};
}
Line log_line(const event::Notice& e) {
  return {e.device, fmt::format("notice {}: {}", e.code, e.text)};
}
Line log_line(const event::Item& e) { return {e.device, e.kind + " " + to_json(e.record.fields())}; }
Line log_line(const event::Finished& e) {
  return {e.device, "finished " + to_json(e.result.fields())};
}
Line log_line(const event::Failed& e) {
  return {e.device, fmt::format("failed at \"{}\": {} [{}]", e.step, e.error.message(),
                                e.error.stable_code())};
}

std::string time_of_day() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  std::tm utc{};
  ::gmtime_r(&now.tv_sec, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                     now.tv_nsec / 1'000'000);
}

class LogFile final : public EventSink {
 public:
  LogFile(int fd, std::string path, std::function<void(const Event&)> complain)
      : fd_(fd), path_(std::move(path)), complain_(std::move(complain)) {}
  ~LogFile() override { ::close(fd_); }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  void on_event(const Event& event) override {
    const Line line = std::visit([](const auto& e) { return log_line(e); }, event);
    const std::string text = fmt::format("{} {} {}\n", time_of_day(),
                                         line.device.empty() ? "-" : escape_controls(line.device),
                                         escape_controls(line.text));
    // One write a line, so that several processes can share the file. A log that fails must not
    // fail the job.
    if (::write(fd_, text.data(), text.size()) >= 0 || failed_) return;
    failed_ = true;
    complain_(event::Notice{"", "log.unwritable",
                            fmt::format("the log file {} cannot be written: {}", path_,
                                        std::generic_category().message(errno)),
                            "free some space, or log elsewhere"});
  }

 private:
  int fd_;
  std::string path_;
  std::function<void(const Event&)> complain_;
  bool failed_ = false;  ///< and was complained of
};

}  // namespace

Result<std::unique_ptr<EventSink>> open_log_file(const std::string& path,
                                                 std::function<void(const Event&)> complain) {
  const int fd =
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR);
  if (fd < 0) {
    return make_error(Errc::log_file,
                      fmt::format("{}: {}", path, std::generic_category().message(errno)),
                      "name a file in a folder that exists and that you may write to");
  }
  return std::unique_ptr<EventSink>(std::make_unique<LogFile>(fd, path, std::move(complain)));
}

}  // namespace aiot::cli::render
