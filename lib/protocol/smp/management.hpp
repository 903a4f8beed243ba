#pragma once

#include <string>
#include <utility>
#include <vector>

#include "protocol/smp/session.hpp"

/// Requests beside updates: the groups os, stat, fs and shell of Zephyr's documentation.
namespace aiot::smp {

/// A server's buffers.
struct Limits {
  std::uint64_t buffer_bytes = 0;
  std::uint64_t buffers = 0;
};
net::Task<Limits> limits(Session& session);
/// What `uname` would say: kernel, versions, board, build time, as far as the server knows them.
net::Task<std::string> os_info(Session& session);

struct ShellReply {
  std::string output;
  std::int64_t status = 0;  ///< of the command
};
net::Task<ShellReply> run_shell(Session& session, std::vector<std::string> words);

net::Task<std::vector<std::string>> statistics_groups(Session& session);
using Statistics = std::vector<std::pair<std::string, std::uint64_t>>;
net::Task<Statistics> statistics(Session& session, std::string group);

/// A whole file. Errc::bad_reply for one beyond `limit_bytes`.
net::Task<Bytes> download(Session& session, std::string name, std::size_t limit_bytes,
                          OnProgress progress);
/// Replaces a file. Call Session::learn_limits() before.
net::Task<void> upload_file(Session& session, std::string name, ByteSpan content,
                            OnProgress progress);

}  // namespace aiot::smp
