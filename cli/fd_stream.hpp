#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <iosfwd>
#include <streambuf>
#include <string>

namespace aiot::cli {

/// How long a stream waits for the other end.
struct Patience {
  /// True once the user stops the program: what is still blocked a second later is given up.
  std::function<bool()> stopped = nullptr;
  /// How long nothing may move; 0 for ever.
  std::chrono::milliseconds longest{0};
};

/// A stream buffer on a file descriptor that keeps the reason of its first failure: iostreams say
/// only that something failed. Written out when flushed or after 64 KiB. A reader that stands still
/// is waited for with Patience; then the reason is ETIMEDOUT.
class FdBuffer final : public std::streambuf {
 public:
  explicit FdBuffer(int fd, Patience patience = {});
  ~FdBuffer() override { sync(); }
  FdBuffer(const FdBuffer&) = delete;
  FdBuffer& operator=(const FdBuffer&) = delete;

  void wait_at_most(std::chrono::milliseconds longest) { patience_.longest = longest; }
  /// errno of the first failed write, 0 while all is well.
  int error() const { return error_; }

 protected:
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* text, std::streamsize n) override;
  int sync() override;

 private:
  int fd_;
  Patience patience_;
  bool never_blocks_ = false;
  int error_ = 0;
  std::string pending_;
};

/// A stream buffer that reads a file descriptor, and waits with Patience: a silent pipe is at its
/// end then, and the reason is ETIMEDOUT.
class FdInput final : public std::streambuf {
 public:
  explicit FdInput(int fd, Patience patience = {}) : fd_(fd), patience_(std::move(patience)) {}

  void wait_at_most(std::chrono::milliseconds longest) { patience_.longest = longest; }
  /// errno of the first failed read, 0 while all is well.
  int error() const { return error_; }

 protected:
  int_type underflow() override;

 private:
  int fd_;
  Patience patience_;
  int error_ = 0;
  std::array<char, 4096> buffer_{};
};

/// errno of the first failed write to `out`, when it is an FdBuffer's; else 0.
int write_error(const std::ostream& out);
/// errno of the first failed read from `in`, when it is an FdInput's; else 0.
int read_error(const std::istream& in);

/// Bounds how long the streams wait for the other end, where they are descriptors'; 0: for ever.
void wait_at_most(std::istream& in, std::ostream& out, std::chrono::milliseconds longest);

}  // namespace aiot::cli
