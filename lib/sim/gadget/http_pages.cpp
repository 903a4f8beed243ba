#include "sim/gadget/http_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace aiot::sim::gadget {

namespace asio = net::asio;

namespace {

constexpr unsigned most_connections = 16;
constexpr std::size_t longest_head_bytes = 4096;
constexpr std::chrono::seconds longest_time{5};

std::string response(std::string_view status, std::string_view type, std::string_view text,
                     bool with_text) {
  return fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
      status, type, text.size(), with_text ? text : std::string_view());
}

std::string refusal(std::string_view status) {
  return response(status, "text/plain", fmt::format("{}\n", status), true);
}

}  // namespace

std::string http_answer(std::string_view head, const std::vector<Page>& pages) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || last == first ||
      !line.substr(last + 1).starts_with("HTTP/1.")) {
    return refusal("400 Bad Request");
  }
  const std::string_view method = line.substr(0, first);
  if (method != "GET" && method != "HEAD") return refusal("405 Method Not Allowed");
  std::string_view path = line.substr(first + 1, last - first - 1);
  path = path.substr(0, path.find('?'));
  const auto page = std::find_if(pages.begin(), pages.end(),
                                 [&](const Page& known) { return known.path == path; });
  if (page == pages.end()) return refusal("404 Not Found");
  return response("200 OK", page->content_type, page->text, method == "GET");
}

Result<std::shared_ptr<HttpPages>> HttpPages::open(const asio::any_io_executor& executor,
                                                   std::vector<Page> pages) {
  // IPv6's takes connections of both kinds.
  Result<net::TcpListener> opened =
      net::TcpListener::open(executor, asio::ip::tcp::endpoint(asio::ip::tcp::v6(), 0));
  if (!opened) {
    opened = net::TcpListener::open(executor, asio::ip::tcp::endpoint(asio::ip::tcp::v4(), 0));
  }
  AIOT_TRY(net::TcpListener listener, std::move(opened));
  return std::shared_ptr<HttpPages>(new HttpPages(executor, std::move(listener), std::move(pages)));
}

void HttpPages::start() {
  const auto work = [self = shared_from_this()]() -> asio::awaitable<void> {
    const Result<void> ended = co_await self->accept();
    static_cast<void>(ended);  // the loop has ended
  };
  asio::co_spawn(executor_, work, asio::detached);
}

net::Task<void> HttpPages::accept() {
  for (;;) {
    Result<net::Accepted> accepted = co_await listener_.accept(net::TimePoint::max());
    if (!accepted) co_return std::move(accepted).error();
    if (connections_ >= most_connections) continue;  // closed at once
    ++connections_;
    const auto stream = std::make_shared<net::FdStream>(std::move(accepted->stream));
    const auto work = [self = shared_from_this(), stream]() -> asio::awaitable<void> {
      const Result<void> served = co_await self->serve(*stream);
      static_cast<void>(served);  // a client that leaves early wants no answer
      --self->connections_;
    };
    asio::co_spawn(executor_, work, asio::detached);
  }
}

net::Task<void> HttpPages::serve(net::FdStream& stream) {
  const net::TimePoint deadline = net::steady_clock().now() + longest_time;
  std::string head;
  while (head.find("\r\n\r\n") == std::string::npos) {
    std::array<std::uint8_t, 512> buffer;
    Result<std::size_t> got = co_await stream.read_some(buffer, deadline);
    if (!got) co_return std::move(got).error();
    head += to_string(ByteSpan(buffer).first(*got));
    if (head.size() > longest_head_bytes) co_return Result<void>();
  }
  const std::string text = http_answer(head, pages_);
  Result<void> written = co_await stream.write(as_bytes(text), deadline);
  co_return written;
}

}  // namespace aiot::sim::gadget
