#include "job/pair/record.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <ctime>

#include "job/pair/code.hpp"
#include "provisioning/error.hpp"

namespace aiot::pair {
namespace {

using provisioning::Errc;

constexpr std::uint64_t longest_record = 64 * 1024 * 1024;

/// "2026-12-01T08:00:00Z"
std::string utc_text(std::chrono::system_clock::time_point time) {
  const std::time_t now = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

Error unusable(const std::string& path, const boost::system::error_code& why) {
  return make_error(Errc::bad_record, fmt::format("{}: {}", path, why.message()),
                    "name a file that this user may write");
}

/// Text that a device sent may be anything.
boost::json::value json_text(const std::string& text) {
  return is_utf8(text) ? boost::json::value(text) : boost::json::value(escape_controls(text));
}

}  // namespace

Result<PairedRecord> PairedRecord::open(const std::string& path, TimeOfDay now) {
  // O_NONBLOCK: a pipe is no record, and must not hold the run.
  file::Descriptor file(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK,
                               S_IRUSR | S_IWUSR));
  if (!file.is_open()) return unusable(path, file::last_error());
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return unusable(path, file::last_error());
  if (!S_ISREG(info.st_mode)) {
    return make_error(Errc::bad_record, path + ": not a file", "name a regular file");
  }
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    return make_error(Errc::record_busy, path, "wait until the other run has ended");
  }
  PairedRecord record(path, std::move(file), now);
  AIOT_CHECK(record.read());
  return record;
}

Result<void> PairedRecord::read() {
  const auto bytes = file::read_all(file_.get(), longest_record);
  if (!bytes) return unusable(path_, bytes.error());
  std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (end == std::string_view::npos) {
      // The machine stopped while this was written.
      const auto whole = static_cast<off_t>(bytes->size() - line.size());
      if (::ftruncate(file_.get(), whole) != 0) return unusable(path_, file::last_error());
      return {};
    }
    text.remove_prefix(end + 1);
    boost::system::error_code error;
    const boost::json::value value = boost::json::parse(line, error);
    const boost::json::object* object = error ? nullptr : value.if_object();
    const boost::json::value* key = object ? object->if_contains("target") : nullptr;
    if (key == nullptr || !key->is_string()) {
      return make_error(Errc::bad_record, fmt::format("{}:{}: not a paired device", path_, number),
                        "name the record of an earlier run, or a file that is not there yet");
    }
    done_.emplace(key->as_string());
  }
  return {};
}

Result<void> PairedRecord::add(const std::string& key, const PairResult& result) {
  boost::json::object line;
  line["target"] = json_text(key);
  line["time"] = utc_text(now_());
  line["protocol"] = result.protocol;
  if (!result.id.empty()) line["id"] = json_text(result.id);
  if (!result.name.empty()) line["name"] = json_text(result.name);
  const std::string text = boost::json::serialize(line) + "\n";
  boost::system::error_code error = file::write_all(file_.get(), as_bytes(text));
  if (!error && ::fdatasync(file_.get()) != 0) error = file::last_error();
  if (error) {
    return make_error(Errc::not_recorded, fmt::format("{}: {}", path_, error.message()),
                      "free some space, and note that this device is paired");
  }
  done_.insert(key);
  return {};
}

std::string record_key(const Target& target) {
  if (!target.id.empty()) return target.id;
  if (!target.code.empty()) {
    if (const std::string label = label_of_code(target.code); !label.empty()) return label;
  }
  constexpr std::array<std::string_view, 2> of_one_device = {"ble", "matter"};
  const std::string& scheme = target.address.scheme;
  const bool usb_serial = scheme == "usb" && target.address.query.contains("serial");
  if (usb_serial) return target.address.str();
  return std::ranges::find(of_one_device, scheme) != of_one_device.end() ? place_of(target.address)
                                                                         : std::string();
}

}  // namespace aiot::pair
