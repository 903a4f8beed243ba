#include "job/discover/vendor.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cstring>

namespace aiot::discover {
namespace {

constexpr std::size_t mac_digits = 12;
/// Of a flood of made-up addresses not every one is kept.
constexpr std::size_t max_known = 4096;

/// A file in memory, as long as this lives.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    struct stat status {};
    if (::fstat(fd, &status) == 0 && status.st_size > 0) {
      size_ = static_cast<std::size_t>(status.st_size);
      void* map = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
      if (map != MAP_FAILED) data_ = static_cast<const char*>(map);
    }
    ::close(fd);
  }
  ~MappedFile() {
    if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view text() const { return data_ == nullptr ? "" : std::string_view(data_, size_); }

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

/// The next field of a line of CSV, with its quotes taken off.
std::string field_of(std::string_view text) {
  std::string out;
  const bool quoted = text.starts_with('"');
  if (quoted) text.remove_prefix(1);
  for (std::size_t i = 0; i < text.size() && text[i] != '\n'; ++i) {
    if (quoted && text[i] == '"') {
      if (i + 1 == text.size() || text[i + 1] != '"') break;
      ++i;  // a quote inside is written twice
    } else if (!quoted && text[i] == ',') {
      break;
    }
    out += text[i];
  }
  while (!out.empty() && std::isspace(static_cast<unsigned char>(out.back())) != 0) out.pop_back();
  return out;
}

/// Whose `prefix` is in one list; "" when nobody's.
std::string owner(const std::string& file, const std::string& registry, const std::string& prefix) {
  const MappedFile map(file);
  const std::string wanted = "\n" + registry + "," + prefix + ",";
  const std::string_view text = map.text();
  const void* found = ::memmem(text.data(), text.size(), wanted.data(), wanted.size());
  if (found == nullptr) return {};
  const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
  return field_of(text.substr(at + wanted.size()));
}

/// Twelve upper-case digits; "" for what is no MAC, or one that no maker was given.
std::string digits_of(const std::string& mac) {
  std::string out;
  for (const char letter : mac) {
    const auto byte = static_cast<unsigned char>(letter);
    if (std::isxdigit(byte) != 0) out += static_cast<char>(std::toupper(byte));
  }
  if (out.size() != mac_digits) return {};
  // The two lowest bits of the first byte: a group address, one of nobody's making (IEEE 802-2014,
  // 8.2). The digits with either set:
  return std::string_view("048C").find(out[1]) == std::string_view::npos ? std::string() : out;
}

}  // namespace

std::optional<std::string> VendorList::vendor_of(const std::string& mac) {
  const std::string digits = digits_of(mac);
  if (digits.empty()) return std::nullopt;
  // 36 bits are the most that a maker is known by.
  const std::string prefix = digits.substr(0, 9);
  if (const auto found = known_.find(prefix); found != known_.end()) return found->second;
  std::optional<std::string> vendor = look_up(digits);
  if (known_.size() < max_known) known_.emplace(prefix, vendor);
  return vendor;
}

std::optional<std::string> VendorList::look_up(const std::string& digits) const {
  std::string name = owner(folder_ + "/oui.csv", "MA-L", digits.substr(0, 6));
  // The authority parcels these out again.
  if (name == "IEEE Registration Authority") {
    name = owner(folder_ + "/mam.csv", "MA-M", digits.substr(0, 7));
    if (name.empty()) name = owner(folder_ + "/oui36.csv", "MA-S", digits.substr(0, 9));
  }
  if (name.empty() || name == "Private") return std::nullopt;
  return name;
}

}  // namespace aiot::discover
