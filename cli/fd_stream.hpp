#pragma once

#include <streambuf>
#include <string>

namespace aiot::cli {

/// A stream buffer on a file descriptor that keeps the reason of its first failure: iostreams say
/// only that something failed. Written out when flushed or after 64 KiB.
class FdBuffer final : public std::streambuf {
 public:
  explicit FdBuffer(int fd) : fd_(fd) {}
  ~FdBuffer() override { sync(); }
  FdBuffer(const FdBuffer&) = delete;
  FdBuffer& operator=(const FdBuffer&) = delete;

  /// errno of the first failed write, 0 while all is well.
  int error() const { return error_; }

 protected:
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* text, std::streamsize n) override;
  int sync() override;

 private:
  int fd_;
  int error_ = 0;
  std::string pending_;
};

/// errno of the first failed write to `out`, when it is an FdBuffer's; else 0.
int write_error(const std::ostream& out);

}  // namespace aiot::cli
