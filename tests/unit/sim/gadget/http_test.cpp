// What the gadget answers over HTTP: requests as curl 7.88 and discover's own fetcher send them.
#include <doctest/doctest.h>

#include "sim/gadget/http_pages.hpp"

using namespace aiot;
using sim::gadget::http_answer;

namespace {

const std::vector<sim::gadget::Page> pages = {{"/", "text/plain", "home\n"},
                                              {"/description.xml", "text/xml", "<root/>"}};

std::string status(std::string_view head) {
  const std::string answer = http_answer(head, pages);
  return answer.substr(0, answer.find("\r\n"));
}

}  // namespace

TEST_CASE("a page, whole") {
  CHECK(http_answer("GET /description.xml HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
                    "User-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n",
                    pages) ==
        "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 7\r\n"
        "Connection: close\r\n\r\n<root/>");
  CHECK(http_answer("GET /?a=b HTTP/1.0\r\n\r\n", pages).ends_with("\r\n\r\nhome\n"));
  CHECK(http_answer("HEAD / HTTP/1.1\r\n\r\n", pages)
            .ends_with("Content-Length: 5\r\nConnection: close\r\n\r\n"));
}

TEST_CASE("everything else is refused") {
  CHECK(status("GET /../etc/passwd HTTP/1.1\r\n\r\n") == "HTTP/1.1 404 Not Found");
  CHECK(status("POST / HTTP/1.1\r\n\r\n") == "HTTP/1.1 405 Method Not Allowed");
  CHECK(status("GET /\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(status("GET  HTTP/1.1\r\n\r\n") == "HTTP/1.1 404 Not Found");
  CHECK(status(" HTTP/1.1") == "HTTP/1.1 400 Bad Request");
  CHECK(status("") == "HTTP/1.1 400 Bad Request");
  CHECK(status("\x16\x03\x01\x02") == "HTTP/1.1 400 Bad Request");
}
