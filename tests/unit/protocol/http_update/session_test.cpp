#include "protocol/http_update/session.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <deque>

#include "protocol/http_update/device.hpp"
#include "support/scripted_link.hpp"
#include "support/virtual_clock.hpp"

using namespace aiot;
using namespace aiot::http_update;

namespace {

Bytes text(std::string_view from) { return {from.begin(), from.end()}; }

// RFC 7578, section 4. The boundary is the start of the SHA-256 of e9 01.
constexpr std::string_view wled_head =
    "POST /update HTTP/1.1\r\nHost: wled.local\r\nUser-Agent: aiotctl\r\n"
    "Content-Type: multipart/form-data; boundary=aiot-0ae8e20e8cb2ab612a320158def8b102\r\n"
    "Referer: http://wled.local/\r\nContent-Length: 199\r\nConnection: close\r\n\r\n";
constexpr std::string_view wled_body =
    "--aiot-0ae8e20e8cb2ab612a320158def8b102\r\n"
    "Content-Disposition: form-data; name=\"update\"; filename=\"my_fw.bin\"\r\n"
    "Content-Type: application/octet-stream\r\n\r\n\xE9\x01\r\n"
    "--aiot-0ae8e20e8cb2ab612a320158def8b102--\r\n";

struct Bench {
  boost::asio::io_context context;
  net::VirtualClock clock;
  std::deque<net::Script> scripts;  ///< one for each connection
  Bytes firmware = {0xE9, 0x01};
  std::string peer_text;

  Server server() {
    Server out;
    out.clock = &clock;
    out.host = "wled.local";
    out.connect = [this](net::TimePoint) -> net::Task<std::unique_ptr<net::Link>> {
      if (scripts.empty()) co_return make_error(net::Errc::refused);
      std::unique_ptr<net::Link> link = std::make_unique<net::ScriptedLink>(clock, scripts.front());
      scripts.pop_front();
      co_return link;
    };
    return out;
  }
  std::string evaluated(std::string_view flavour, unsigned status, std::string_view body) {
    net::HttpMessage answer = net::http_response(status);
    answer.body = text(body);
    const Result<void> done = evaluate(*find_flavour(flavour), answer);
    peer_text = done ? "" : done.error().peer_text;
    return done ? "done" : done.error().stable_code();
  }
};

/// A device and the host's requests, without a wire: what the host writes is what it is given.
std::string say(Device& device, const net::HttpMessage& request) {
  device.on_connect();
  return to_string(device.on_bytes(net::write_http(request)));
}

DeviceOptions options_of(std::string_view flavour) {
  DeviceOptions options;
  options.flavour = find_flavour(flavour);
  options.read_version = [](ByteSpan bytes) {
    return !bytes.empty() && bytes[0] == 0xE9 ? std::string("2.0.0") : std::string();
  };
  return options;
}

net::HttpMessage form(const Flavour& flavour, std::string_view file) {
  net::HttpMessage out = net::http_request("POST", std::string(flavour.target));
  out.headers.emplace_back("Content-Type", "multipart/form-data; boundary=X");
  out.body = text("--X\r\nContent-Disposition: form-data; name=\"" + std::string(flavour.field) +
                  "\"; filename=\"a.bin\"\r\n\r\n" + std::string(file) + "\r\n--X--\r\n");
  return out;
}

}  // namespace

TEST_CASE("answers are evaluated by what they say, not by their status alone") {
  Bench bench;
  // ESP8266HTTPUpdateServer-impl.h: both with status 200.
  CHECK(bench.evaluated("esp8266", 200,
                     "<META http-equiv=\"refresh\" content=\"15;URL=/\">Update Success! "
                     "Rebooting...") == "done");
  CHECK(bench.evaluated("esp8266", 200, "Update error: ERROR[4]: Not Enough Space\n") ==
        "http_update.refused");
  CHECK(bench.peer_text == "Update error: ERROR[4]: Not Enough Space\n");
  CHECK(bench.evaluated("esphome", 200, "Update Successful!") == "done");
  CHECK(bench.evaluated("esphome", 200, "Update Failed!") == "http_update.refused");
  CHECK(bench.evaluated("arduino", 200, "OK") == "done");
  CHECK(bench.evaluated("arduino", 200, "FAIL") == "http_update.refused");
  CHECK(bench.evaluated("wled", 200, "Update successful! Rebooting...") == "done");
  CHECK(bench.evaluated("wled", 500, "Update failed!") == "http_update.refused");
  CHECK(bench.evaluated("wled", 401, "Access Denied") == "http_update.wrong_password");
  CHECK(bench.evaluated("tasmota", 200, "<b>Upload <font color='#0f0'>Successful</font></b>") ==
        "done");
  CHECK(bench.evaluated("tasmota", 200, "<b>Upload <font color='#f00'>Failed</font></b>") ==
        "http_update.refused");
  CHECK(bench.evaluated("tasmota", 200, "<html>Main menu</html>") == "http_update.bad_reply");
  CHECK(bench.evaluated("tasmota", 302, "") == "http_update.bad_reply");
}

TEST_CASE("versions are found where the flavour has them") {
  const Flavour& tasmota = *find_flavour("tasmota");
  const std::string_view status = R"x({"StatusFWR":{"Version":"14.2.0(tasmota)"}})x";
  CHECK(version_in(tasmota, status) == "14.2.0(tasmota)");
  for (const std::string_view bad :
       {"", "{", "[]", "{}", R"({"StatusFWR":[]})", R"({"StatusFWR":{"Version":14}})"}) {
    CHECK(version_in(tasmota, bad).empty());
  }
  CHECK(version_in(*find_flavour("wled"), R"({"ver":"0.14.4","brand":"WLED"})") == "0.14.4");
}

TEST_CASE("the form is sent as RFC 7578 says, and a fault at each step ends in an error") {
  Bench bench;
  Update what;
  what.firmware = bench.firmware;
  what.file_name = "my fw.bin";
  const auto update = [&] {
    const Server server = bench.server();
    const Result<void> done = bench.clock.run(
        bench.context, [&] { return http_update::update(server, *find_flavour("wled"), what); });
    return done ? std::string("done") : done.error().stable_code();
  };
  net::Script script;
  script.expect(text(wled_head))
      .expect(text(wled_body))
      .reply(text("HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\nUpdate successful!"));
  bench.scripts = {script};
  CHECK(update() == "done");
  for (const net::Script::Faulty& faulty : script.with_each_fault()) {
    CAPTURE(faulty.what);
    bench.scripts = {faulty.script};
    const std::string outcome = update();
    CHECK((outcome == "http_update.no_reply" || outcome == "link.lost" ||
           outcome == "link.protocol"));
  }
  CHECK(update() == "link.refused");
}

TEST_CASE("a virtual device takes a form, and says so as its flavour does") {
  for (const Flavour& flavour : flavours()) {
    CAPTURE(flavour.name);
    Device device(options_of(flavour.name));
    const auto evaluated = [&](std::string_view file) {
      net::HttpParser parser(net::HttpParser::Kind::response, 65536);
      const std::string reply = say(device, form(flavour, file));
      REQUIRE(parser.feed(as_bytes(reply)).has_value());
      REQUIRE(parser.done());
      const Result<void> done = evaluate(flavour, parser.take());
      return done ? std::string("done") : done.error().stable_code();
    };
    CHECK(evaluated("not one") == "http_update.refused");
    CHECK(device.version() == "1.0.0");
    CHECK(evaluated("\xE9 firmware") == "done");
    CHECK(device.version() == "2.0.0");
    CHECK(say(device, net::http_request("GET", std::string(flavour.page))).find(flavour.mark) !=
          std::string::npos);
    CHECK(say(device, net::http_request("GET", "/none")).starts_with("HTTP/1.1 404"));
    CHECK(say(device, net::http_request("PUT", "/")).starts_with("HTTP/1.1 405"));
  }
}

TEST_CASE("a virtual device wants its password") {
  DeviceOptions options = options_of("tasmota");
  options.password = "secret";
  Device device(options);
  net::HttpMessage request = net::http_request("GET", "/");
  CHECK(say(device, request).starts_with("HTTP/1.1 401"));
  // RFC 7617: "admin:secret".
  request.headers.emplace_back("Authorization", "Basic YWRtaW46c2VjcmV0");
  CHECK(say(device, request).starts_with("HTTP/1.1 200"));
}

TEST_CASE("a Shelly is named as one, and a page that nobody knows is no form") {
  const auto get = [](std::string_view target, std::string_view reply) {
    net::Script script;
    script
        .expect(text("GET " + std::string(target) +
                     " HTTP/1.1\r\nHost: wled.local\r\nUser-Agent: aiotctl\r\nConnection: "
                     "close\r\n\r\n"))
        .reply(text(reply));
    return script;
  };
  const std::string page = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhome";
  const std::string none = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
  const std::string shelly =
      "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n{\"type\":\"SHSW-1\",\"fw\":\"v1.14\"}";
  Bench bench;
  const auto detected = [&] {
    const Server server = bench.server();
    const Result<const Flavour*> found =
        bench.clock.run(bench.context, [&] { return detect(server); });
    return found ? std::string((*found)->name) : found.error().stable_code();
  };
  const auto pages = [&](const std::string& last) {
    return std::deque{get("/", page),       get("/json/info", none), get("/", page),
                      get("/update", none), get("/", page),          get("/shelly", last)};
  };
  bench.scripts = pages(shelly);
  CHECK(detected() == "http_update.pulls");
  bench.scripts = pages(none);
  CHECK(detected() == "http_update.unknown_flavour");
  bench.scripts = {get("/", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nTasmota")};
  CHECK(detected() == "tasmota");
  for (const net::Script::Faulty& faulty : get("/", page).with_each_fault()) {
    CAPTURE(faulty.what);
    bench.scripts = {faulty.script};
    CHECK(detected() != "tasmota");
  }
}
