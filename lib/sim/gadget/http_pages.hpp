#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/tcp_link.hpp"

namespace aiot::sim::gadget {

/// Something that a gadget shows over HTTP.
struct Page {
  std::string path;  ///< "/description.xml"
  std::string content_type;
  std::string text;
};

/// The whole answer to a request, of which `head` is everything up to the empty line: GET and HEAD
/// of the pages; 400, 404 or 405 for the rest (RFC 9112). The connection ends with it.
std::string http_answer(std::string_view head, const std::vector<Page>& pages);

/// Serves pages on a port of its own, IPv4. At most 16 connections at once, 4 KiB and 5 s each.
class HttpPages : public std::enable_shared_from_this<HttpPages> {
 public:
  static Result<std::shared_ptr<HttpPages>> open(const net::asio::any_io_executor& executor,
                                                 std::vector<Page> pages);
  std::uint16_t port() const { return listener_.port(); }
  /// Serves for as long as the executor's loop runs.
  void start();

 private:
  HttpPages(const net::asio::any_io_executor& executor, net::TcpListener listener,
            std::vector<Page> pages)
      : executor_(executor), listener_(std::move(listener)), pages_(std::move(pages)) {}
  net::Task<void> accept();
  net::Task<void> serve(net::FdStream& stream);

  net::asio::any_io_executor executor_;
  net::TcpListener listener_;
  std::vector<Page> pages_;
  unsigned connections_ = 0;
};

}  // namespace aiot::sim::gadget
