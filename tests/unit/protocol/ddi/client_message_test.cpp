// Messages of a hawkBit server as Debian's SWUpdate 2022.12 takes them, and as the sources of
// rauc-hawkbit-updater (src/hawkbit-client.c) read and make them.
#include "protocol/ddi/client_message.hpp"

#include <doctest/doctest.h>

using namespace aiot;
using namespace aiot::ddi;

namespace {

constexpr std::string_view base =
    R"({"config":{"polling":{"sleep":"00:01:03"}},"_links":{"configData":{"href":)"
    R"("https://h/DEFAULT/controller/v1/dev1/configData"},"deploymentBase":{"href":)"
    R"("https://h/DEFAULT/controller/v1/dev1/deploymentBase/11?c=-21"}}})";
constexpr std::string_view deployment =
    R"({"id":"11","deployment":{"download":"forced","update":"forced","chunks":[{"part":"os",)"
    R"("version":"1.0.1","name":"app","artifacts":[{"filename":"a.swu","hashes":{"sha1":"5a"},)"
    R"("size":1201664,"_links":{"download":{"href":"https://h/a.swu"}}}]}]}})";
constexpr std::string_view cancel = R"({"id":"12","cancelAction":{"stopId":"11"}})";

/// `text` with its `from` as `to`.
std::string changed(std::string_view text, std::string_view from, std::string_view to) {
  std::string out(text);
  const std::size_t at = out.find(from);
  REQUIRE(at != std::string::npos);
  return out.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a device reads what it is offered") {
  const auto poll = parse_base(as_bytes(base));
  REQUIRE(poll.has_value());
  CHECK(poll->sleep == std::chrono::seconds(63));
  CHECK(poll->config_data == "https://h/DEFAULT/controller/v1/dev1/configData");
  CHECK(poll->deployment == "https://h/DEFAULT/controller/v1/dev1/deploymentBase/11?c=-21");
  CHECK(poll->cancel.empty());
  const auto offer = parse_deployment(as_bytes(deployment));
  REQUIRE(offer.has_value());
  CHECK(offer->action == 11);
  CHECK(offer->version == "1.0.1");
  REQUIRE(offer->downloads.size() == 1);
  CHECK(offer->downloads[0].file_name == "a.swu");
  CHECK(offer->downloads[0].url == "https://h/a.swu");
  CHECK(offer->downloads[0].bytes == 1201664);
  CHECK(offer->downloads[0].sha256.empty());
  CHECK(*parse_cancel(as_bytes(cancel)) == 11);
}

TEST_CASE("what a server should not send") {
  for (const std::string_view sleep : {"", "1:00:00", "00:00", "00:00:0x", "0a:00:00"}) {
    CAPTURE(sleep);
    CHECK(parse_base(as_bytes(changed(base, "00:01:03", sleep))).error().code == Errc::bad_message);
  }
  CHECK(parse_base(as_bytes(changed(base, "00:01:03", "99:99:99")))->sleep == std::chrono::days(1));
  CHECK(parse_base(as_bytes(changed(base, "00:01:03", "00:00:00")))->sleep ==
        std::chrono::seconds(1));
  for (const auto& [from, to] :
       {std::pair("\"11\"", "11"), std::pair("\"11\"", "\"2147483648\""),
        std::pair("1201664", "-1"), std::pair("1201664", "1.5"), std::pair("\"href\"", "\"ref\""),
        std::pair("chunks", "chunk"), std::pair("\"artifacts\"", "\"files\"")}) {
    CAPTURE(to);
    CHECK(parse_deployment(as_bytes(changed(deployment, from, to))).error().code ==
          Errc::bad_message);
  }
  CHECK_FALSE(parse_deployment(as_bytes(R"({"id":"1","deployment":{"chunks":[]}})")).has_value());
  CHECK_FALSE(parse_cancel(as_bytes(changed(cancel, "\"11\"", "\"x\""))).has_value());
}

TEST_CASE("a device writes what rauc-hawkbit-updater does, without its time") {
  CHECK(write_feedback(11, {"proceeding", "none", {"Download complete. 97.32 MB/s"}}) ==
        R"({"id":"11","status":{"result":{"finished":"none"},"execution":"proceeding",)"
        R"("details":["Download complete. 97.32 MB/s"]}})");
  CHECK(write_config_data({{"product", "board"}}) ==
        R"({"mode":"merge","data":{"product":"board"}})");
}
