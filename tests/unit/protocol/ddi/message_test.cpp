// Messages of DDI as SWUpdate 2022.12 of Debian 12 was seen to send them, and as the sources of
// rauc-hawkbit-updater (src/hawkbit-client.c) make them.
#include "protocol/ddi/message.hpp"

#include <doctest/doctest.h>

using namespace aiot;
using namespace aiot::ddi;

namespace {

constexpr std::string_view swupdate_config =
    R"({ "id": "", "time": "20261130T212725", "status": { "result": { "finished": "success" }, )"
    R"("execution": "closed", "details" : [ "" ] }, "data" : {  "hw": "b1" } })";
constexpr std::string_view swupdate_progress =
    R"({ "id": 11, "time": "20261130T212727", "status": { "result": { "progress": { "cnt" : 0, "of" : 1 }, )"
    R"("finished": "none" }, "execution": "proceeding", "details" : [ "Installing Update Chunk Artifacts." ] } })";
constexpr std::string_view rauc_progress =
    R"({"id":"11","time":"20261130T212727","status":{"result":{"finished":"none"},"execution":"proceeding",)"
    R"("details":["Download complete. 97.32 MB/s"]}})";

Result<Feedback> feedback(std::string_view text) { return parse_feedback(as_bytes(text)); }

}  // namespace

TEST_CASE("feedback of SWUpdate and of RAUC's updater") {
  for (const auto& [text, detail] :
       {std::pair(swupdate_progress, "Installing Update Chunk Artifacts."),
        std::pair(rauc_progress, "Download complete. 97.32 MB/s")}) {
    const auto read = feedback(text);
    REQUIRE(read.has_value());
    CHECK(read->execution == "proceeding");
    CHECK(read->finished == "none");
    REQUIRE(read->details.size() == 1);
    CHECK(read->details[0] == detail);
  }
}

TEST_CASE("feedback that is none") {
  for (const std::string_view text :
       {"", "[]", "{}", R"({"status":1})", R"({"status":{"execution":"closed"}})",
        R"({"status":{"result":{"finished":"maybe"},"execution":"closed"}})",
        R"({"status":{"result":{"finished":"none"},"execution":"exploded"}})",
        R"({"status":{"result":{"finished":"none"},"execution":"closed"}}x)"}) {
    CAPTURE(text);
    CHECK(feedback(text).error().code == Errc::bad_message);
  }
  CHECK_FALSE(feedback(std::string(1000, 0x5b)).has_value());
}

TEST_CASE("what a device writes is bounded, and cut between characters") {
  std::string details;
  for (int i = 0; i < 100; ++i) details += "\"" + std::string(511, 'a') + "\xC3\xA9tail\",";
  details.pop_back();
  const auto read =
      feedback(R"({"status":{"result":{"finished":"none"},"execution":"closed","details":[)" +
               details + "]}}");
  REQUIRE(read.has_value());
  CHECK(read->details.size() == 64);
  CHECK(read->details[0] == std::string(511, 'a'));
}

TEST_CASE("configuration data") {
  const auto read = parse_config_data(as_bytes(swupdate_config));
  REQUIRE(read.has_value());
  CHECK(read->mode == ConfigData::Mode::merge);
  CHECK(read->attributes == Attributes{{"hw", "b1"}});
  CHECK(parse_config_data(as_bytes(R"({"mode":"remove","data":{"a":""}})"))->mode ==
        ConfigData::Mode::remove);
  CHECK_FALSE(parse_config_data(as_bytes(R"({"mode":"purge","data":{}})")).has_value());
  CHECK_FALSE(parse_config_data(as_bytes(R"({"data":[]})")).has_value());
  CHECK_FALSE(parse_config_data(as_bytes(R"({"data":{"a":")" + std::string(257, 'x') + "\"}}"))
                  .has_value());
}

TEST_CASE("paths") {
  const auto deployment = parse_path("/DEFAULT/controller/v1/dev1/deploymentBase/11?c=-21");
  REQUIRE(deployment);
  CHECK(deployment->kind == Path::Kind::deployment);
  CHECK(deployment->tenant == "DEFAULT");
  CHECK(deployment->device == "dev1");
  CHECK(deployment->action == 11);
  CHECK(parse_path("/DEFAULT/controller/v1/dev1")->kind == Path::Kind::base);
  CHECK(parse_path("/T/controller/v1/d/configData")->kind == Path::Kind::config_data);
  CHECK(parse_path("/T/controller/v1/d/deploymentBase/1/feedback")->kind ==
        Path::Kind::deployment_feedback);
  CHECK(parse_path("/T/controller/v1/d/cancelAction/1")->kind == Path::Kind::cancel);
  CHECK(parse_path("/T/controller/v1/d/cancelAction/1/feedback")->kind ==
        Path::Kind::cancel_feedback);
  CHECK(parse_path("/T/controller/v1/d/softwaremodules/7/artifacts/a.swu")->file == "a.swu");
  CHECK(parse_path("/T/controller/v1/d/deploymentBase/2147483647"));
  for (const std::string_view path :
       {"", "/", "T/controller/v1/d", "/T/controller/v2/d", "/T/controller/v1/",
        "/T/controller/v1/..", "/T/controller/v1/a%2Fb",
        "/T/controller/v1/d/deploymentBase/2147483648", "/T/controller/v1/d/deploymentBase/0",
        "/T/controller/v1/d/deploymentBase/-1", "/T/controller/v1/d/deploymentBase",
        "/T/controller/v1/d/configData/1", "/T/controller/v1/d/softwaremodules/7/artifacts/..",
        "/T/controller/v1/d/softwaremodules/7/artifacts/a/b/c/d/e"}) {
    CAPTURE(path);
    CHECK_FALSE(parse_path(path));
  }
}

TEST_CASE("what is written is what SWUpdate was seen to take") {
  const std::string self = "https://localhost:18443/DEFAULT/controller/v1/dev1";
  Base base;
  base.sleep = std::chrono::seconds(3);
  base.wants_config = true;
  base.deployment = 11;
  CHECK(
      write_base(base, self) ==
      R"({"config":{"polling":{"sleep":"00:00:03"}},"_links":{"configData":{"href":"https://localhost:18443)"
      R"(/DEFAULT/controller/v1/dev1/configData"},"deploymentBase":{"href":"https://localhost:18443)"
      R"(/DEFAULT/controller/v1/dev1/deploymentBase/11"}}})");
  Base cancel;
  cancel.sleep = std::chrono::hours(3);
  cancel.cancel = 11;
  CHECK(
      write_base(cancel, "S") ==
      R"({"config":{"polling":{"sleep":"03:00:00"}},"_links":{"cancelAction":{"href":"S/cancelAction/11"}}})");
  CHECK(write_cancel(11) == R"({"id":"11","cancelAction":{"stopId":"11"}})");
  const Offer offer{"key", "app", "1.0.1", "a.swu", 1201664, "aa", "bb", "cc"};
  CHECK(
      write_deployment(11, offer, "S") ==
      R"({"id":"11","deployment":{"download":"forced","update":"forced","chunks":[{"part":"os","version":"1.0.1",)"
      R"("name":"app","artifacts":[{"filename":"a.swu","hashes":{"sha1":"aa","md5":"cc","sha256":"bb"},)"
      R"("size":1201664,"_links":{"download":{"href":"S/softwaremodules/11/artifacts/a.swu"}}}]}]}})");
}

TEST_CASE("authorization") {
  CHECK(parse_authorization("TargetToken X")->token == "X");
  CHECK_FALSE(parse_authorization("TargetToken X")->gateway);
  CHECK(parse_authorization("GatewayToken X")->gateway);
  CHECK_FALSE(parse_authorization("Basic eDp5"));
  CHECK_FALSE(parse_authorization("TargetToken "));
  CHECK_FALSE(parse_authorization(""));
}
