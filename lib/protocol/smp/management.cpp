#include "protocol/smp/management.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/smp/cbor.hpp"
#include "protocol/smp/error.hpp"

namespace aiot::smp {
namespace {

constexpr std::uint8_t os_buffers = 6;
constexpr std::uint8_t os_application_info = 7;
enum StatCommand : std::uint8_t { stat_fields = 0, stat_list = 1 };
constexpr std::uint8_t fs_file = 0;
constexpr std::uint8_t shell_run = 0;
/// A command of the shell may take its time.
constexpr std::chrono::seconds shell_patience{30};
/// Header, map, `off`, `len`, and the heads of `name` and `data`.
constexpr std::size_t around_data_bytes = 48;

/// A number of either sign.
std::int64_t signed_of(const Object& object, std::string_view name) {
  const Value* value = object.find(name);
  if (value == nullptr) return 0;
  if (const auto* number = std::get_if<std::int64_t>(&value->storage())) return *number;
  return static_cast<std::int64_t>(number_of(object, name).value_or(0));
}

}  // namespace

net::Task<Limits> limits(Session& session) {
  Object body;
  AIOT_CO_TRY(const Object reply,
              co_await session.request(Op::read, Group::os, os_buffers, std::move(body)));
  co_return Limits{number_of(reply, "buf_size").value_or(0),
                   number_of(reply, "buf_count").value_or(0)};
}

net::Task<std::string> os_info(Session& session) {
  Object body{{"format", "a"}};
  AIOT_CO_TRY(const Object reply,
              co_await session.request(Op::read, Group::os, os_application_info, std::move(body)));
  co_return text_of(reply, "output");
}

net::Task<ShellReply> run_shell(Session& session, std::vector<std::string> words) {
  Array arguments;
  for (std::string& word : words) arguments.push_back(std::move(word));
  Object body{{"argv", std::move(arguments)}};
  AIOT_CO_TRY(const Object reply, co_await session.request(Op::write, Group::shell, shell_run,
                                                           std::move(body), shell_patience));
  co_return ShellReply{text_of(reply, "o"), signed_of(reply, "ret")};
}

net::Task<std::vector<std::string>> statistics_groups(Session& session) {
  Object body;
  AIOT_CO_TRY(const Object reply,
              co_await session.request(Op::read, Group::stat, stat_list, std::move(body)));
  const Value* list = reply.find("stat_list");
  if (list == nullptr || list->array() == nullptr) {
    co_return make_error(Errc::bad_reply, "no list of statistics");
  }
  std::vector<std::string> out;
  for (const Value& name : *list->array()) {
    if (name.string() != nullptr) out.push_back(*name.string());
  }
  co_return out;
}

net::Task<Statistics> statistics(Session& session, std::string group) {
  Object body{{"name", std::move(group)}};
  AIOT_CO_TRY(const Object reply,
              co_await session.request(Op::read, Group::stat, stat_fields, std::move(body)));
  const Value* fields = reply.find("fields");
  if (fields == nullptr || fields->object() == nullptr) {
    co_return make_error(Errc::bad_reply, "no statistics");
  }
  Statistics out;
  for (const auto& [name, value] : fields->object()->fields()) {
    out.emplace_back(name, number_of(*fields->object(), name).value_or(0));
  }
  co_return out;
}

net::Task<Bytes> download(Session& session, std::string name, std::size_t limit_bytes,
                          OnProgress progress) {
  Bytes out;
  std::uint64_t total = 0;
  do {
    Object body{{"off", out.size()}, {"name", name}};
    AIOT_CO_TRY(const Object reply,
                co_await session.request(Op::read, Group::fs, fs_file, std::move(body)));
    const Bytes* data = bytes_of(reply, "data");
    if (number_of(reply, "off") != out.size() || data == nullptr) {
      co_return make_error(Errc::bad_reply, "a piece of another place in the file");
    }
    if (out.empty()) total = number_of(reply, "len").value_or(0);
    if (total > limit_bytes) {
      co_return make_error(Errc::bad_reply, fmt::format("a file of {} bytes", total));
    }
    if (data->size() > total - out.size() || (data->empty() && total > 0)) {
      co_return make_error(Errc::bad_reply, "a piece that is not of the file");
    }
    append(out, *data);
    if (progress) progress(out.size(), total);
  } while (out.size() < total);
  co_return out;
}

net::Task<void> upload_file(Session& session, std::string name, ByteSpan content,
                            OnProgress progress) {
  const std::size_t around = around_data_bytes + name.size();
  if (session.packet_bytes() <= around) {
    co_return make_error(Errc::packet_too_small, fmt::format("{} B", session.packet_bytes()));
  }
  const std::size_t piece = session.packet_bytes() - around;
  std::size_t sent = 0;
  do {
    const ByteSpan part = content.subspan(sent, std::min(piece, content.size() - sent));
    Object body{{"off", sent}, {"data", Bytes(part.begin(), part.end())}, {"name", name}};
    if (sent == 0) body.set("len", content.size());
    AIOT_CO_TRY(const Object reply,
                co_await session.request(Op::write, Group::fs, fs_file, std::move(body)));
    if (number_of(reply, "off") != sent + part.size()) {
      co_return make_error(Errc::bad_reply, "the server did not take a piece of the file");
    }
    sent += part.size();
    if (progress) progress(sent, content.size());
  } while (sent < content.size());
  co_return Result<void>();
}

}  // namespace aiot::smp
