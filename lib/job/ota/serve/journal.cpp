#include "job/ota/serve/journal.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "job/ota/error.hpp"

namespace aiot::ota {
namespace {

constexpr std::uint64_t most_journal_bytes = 256 << 20;

Error journal_error(const std::string& path, const file::error_code& error) {
  return make_error(Errc::state, path + ": " + error.message(),
                    "make room on its disk, and let this user write there");
}

std::string joined(std::span<const std::string> lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

}  // namespace

Result<Journal> Journal::open(const std::string& folder, std::vector<std::string>& lines) {
  Journal out;
  out.path_ = folder + "/ddi.journal";
  const std::string lock = folder + "/ddi.lock";
  out.lock_ = file::Descriptor(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!out.lock_.is_open()) return journal_error(lock, file::last_error());
  if (::flock(out.lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    return make_error(Errc::state, folder + ": another server uses it",
                      "give each server a folder of its own");
  }
  AIOT_CHECK(out.open_end());
  const auto bytes = file::read_all(out.end_.get(), most_journal_bytes);
  if (!bytes) return journal_error(out.path_, bytes.error());
  std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  for (std::size_t end = 0; (end = text.find('\n')) != std::string_view::npos;) {
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return out;
}

Result<void> Journal::open_end() {
  end_ = file::Descriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!end_.is_open()) return journal_error(path_, file::last_error());
  return {};
}

Result<void> Journal::rewrite(std::span<const std::string> lines) {
  auto part = file::PartFile::create(path_, 0600);
  if (!part) return journal_error(path_, part.error());
  const std::string text = joined(lines);
  file::error_code error = file::write_all(part->get(), as_bytes(text));
  if (!error) error = part->replace();
  if (error) return journal_error(path_, error);
  bytes_ = whole_bytes_ = text.size();
  return open_end();
}

bool Journal::is_long() const {
  constexpr std::uint64_t usual_bytes = 16 << 20;
  return bytes_ > usual_bytes && bytes_ > 4 * whole_bytes_;
}

Result<void> Journal::append(std::span<const std::string> lines) {
  if (lines.empty()) return {};
  const std::string text = joined(lines);
  const off_t before = ::lseek(end_.get(), 0, SEEK_END);
  file::error_code error = file::write_all(end_.get(), as_bytes(text));
  if (!error && ::fdatasync(end_.get()) != 0) error = file::last_error();
  bytes_ += text.size();
  if (!error) return {};
  // Half a line would spoil the next one.
  [[maybe_unused]] const int cut = ::ftruncate(end_.get(), before);
  return journal_error(path_, error);
}

}  // namespace aiot::ota
