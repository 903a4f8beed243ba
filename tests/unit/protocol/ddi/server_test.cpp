// Who is offered what, and when never again.
#include "protocol/ddi/server.hpp"

#include <doctest/doctest.h>

using namespace aiot;
using namespace aiot::ddi;

namespace {

constexpr std::string_view success =
    R"({"id":"1","status":{"result":{"finished":"success"},"execution":"closed"}})";
constexpr std::string_view failure =
    R"({"id":"1","status":{"result":{"finished":"failure"},"execution":"closed"}})";
constexpr std::string_view proceeding =
    R"({"id":"1","status":{"result":{"finished":"none"},"execution":"proceeding"}})";
constexpr std::string_view rejected =
    R"({"id":"1","status":{"result":{"finished":"none"},"execution":"rejected"}})";

Offer made(const std::string& version) {
  return {"key-" + version, "app", version, "a.swu", 5, "aa", "bb", "cc"};
}

/// A server with one artifact for all, and a device that asks it.
struct Scene {
  std::optional<Offer> offered = made("1.0.1");
  std::vector<std::string> journal;
  Server server = make();

  Server make() {
    return Server([this](const std::string&, const Attributes&) { return offered; },
                  std::chrono::seconds(3), 2);
  }
  Outcome ask(const std::string& path, std::string_view method = "GET", std::string_view body = "",
              const std::string& device = "dev1") {
    const auto parsed = parse_path("/DEFAULT/controller/v1/" + device + path);
    REQUIRE(parsed);
    Outcome out = server.handle(*parsed, method, as_bytes(body), "https://h");
    journal.insert(journal.end(), out.journal.begin(), out.journal.end());
    return out;
  }
  bool polled(std::string_view word) { return ask("").body.find(word) != std::string::npos; }
  void restart() {
    server = make();
    for (const std::string& line : journal) REQUIRE(server.load(line).has_value());
  }
};

}  // namespace

TEST_CASE("an update: offered until it is closed, then never again") {
  Scene scene;
  CHECK(scene.polled("configData"));
  CHECK(scene.polled("deploymentBase/1"));
  CHECK(scene.ask("/configData", "PUT", R"({"data":{"hw":"b1"}})").status == 200);
  CHECK_FALSE(scene.polled("configData"));
  CHECK(scene.ask("/deploymentBase/1").body.find("\"version\":\"1.0.1\"") != std::string::npos);
  CHECK(scene.ask("/softwaremodules/1/artifacts/a.swu").artifact->key == "key-1.0.1");
  CHECK(scene.ask("/softwaremodules/1/artifacts/b.swu").status == 404);
  const Outcome first = scene.ask("/deploymentBase/1/feedback", "POST", proceeding);
  CHECK(first.journal.size() == 1);
  CHECK(scene.ask("/deploymentBase/1/feedback", "POST", proceeding).journal.empty());
  scene.restart();
  CHECK(scene.polled("deploymentBase/1"));
  const Outcome last = scene.ask("/deploymentBase/1/feedback", "POST", success);
  REQUIRE(last.report);
  CHECK(last.report->action.state == ActionState::succeeded);
  for (int i = 0; i < 2; ++i) {
    CHECK_FALSE(scene.polled("deploymentBase"));
    CHECK(scene.ask("/deploymentBase/1").status == 404);
    // Said again, as SWUpdate does until it is answered 200.
    CHECK(scene.ask("/deploymentBase/1/feedback", "POST", success).status == 200);
    CHECK(scene.server.succeeded() == (i == 0 ? 1 : 0));
    scene.restart();
  }
  scene.offered = made("1.0.2");
  CHECK(scene.polled("deploymentBase/2"));
}

TEST_CASE("a failed update is not offered again, another one is") {
  Scene scene;
  CHECK(scene.polled("deploymentBase/1"));
  CHECK(scene.ask("/deploymentBase/1/feedback", "POST", failure).status == 200);
  CHECK_FALSE(scene.polled("deploymentBase"));
  CHECK(scene.server.failed() == 1);
  scene.restart();
  CHECK_FALSE(scene.polled("deploymentBase"));
  scene.offered = made("1.0.2");
  CHECK(scene.polled("deploymentBase/2"));
}

TEST_CASE("an update that nobody has begun is replaced; one under way is canceled first") {
  Scene scene;
  CHECK(scene.polled("deploymentBase/1"));
  scene.offered = made("1.0.2");
  CHECK(scene.polled("deploymentBase/2"));
  scene.ask("/deploymentBase/2/feedback", "POST", proceeding);
  scene.offered = made("1.0.3");
  CHECK(scene.polled("cancelAction/2"));
  CHECK_FALSE(scene.polled("deploymentBase"));
  CHECK(scene.ask("/cancelAction/2").body == R"({"id":"2","cancelAction":{"stopId":"2"}})");
  SUBCASE("taken") {
    CHECK(scene.ask("/cancelAction/2/feedback", "POST", success).status == 200);
    CHECK(scene.polled("deploymentBase/3"));
  }
  SUBCASE("refused: the device goes on, and gets the next one after it") {
    scene.ask("/cancelAction/2/feedback", "POST", rejected);
    CHECK_FALSE(scene.polled("cancelAction"));
    CHECK_FALSE(scene.polled("deploymentBase"));
    scene.ask("/deploymentBase/2/feedback", "POST", success);
    CHECK(scene.polled("deploymentBase/3"));
  }
  SUBCASE("withdrawn") {
    scene.offered.reset();
    scene.ask("/cancelAction/2/feedback", "POST", success);
    CHECK_FALSE(scene.polled("deploymentBase"));
  }
}

TEST_CASE("a device that reports the version runs it") {
  Scene scene;
  CHECK(scene.polled("deploymentBase/1"));
  const Outcome out = scene.ask("/configData", "PUT", R"({"data":{"version":"1.0.1"}})");
  REQUIRE(out.report);
  CHECK(out.report->feedback.finished == "success");
  CHECK_FALSE(scene.polled("deploymentBase"));
  CHECK(scene.ask("", "GET", "", "dev2").body.find("deploymentBase") != std::string::npos);
}

TEST_CASE("devices that are not known, methods that are not allowed, too many") {
  Scene scene;
  CHECK(scene.ask("/deploymentBase/1").status == 404);
  CHECK(scene.ask("/deploymentBase/1/feedback", "POST", success).status == 200);
  CHECK(scene.ask("", "POST").status == 405);
  CHECK(scene.ask("/configData").status == 405);
  CHECK(scene.server.devices().empty());
  CHECK(scene.ask("", "GET", "", "dev1").status == 200);
  CHECK(scene.ask("", "GET", "", "dev2").status == 200);
  CHECK(scene.ask("", "GET", "", "dev3").status == 503);
  CHECK(scene.ask("/configData", "PUT", "nonsense").status == 400);
  CHECK(scene.ask("/deploymentBase/1/feedback", "POST", "nonsense").status == 400);
}

TEST_CASE("the journal") {
  Scene scene;
  scene.polled("");
  scene.ask("/configData", "PUT", R"({"data":{"hw":"b1"}})");
  scene.ask("/deploymentBase/1/feedback", "POST", failure);
  CHECK(
      scene.journal ==
      std::vector<std::string>{
          R"({"device":"dev1","action":1,"key":"key-1.0.1","name":"app","version":"1.0.1","state":"offered"})",
          R"({"device":"dev1","attributes":{"hw":"b1"}})",
          R"({"device":"dev1","action":1,"key":"key-1.0.1","name":"app","version":"1.0.1","state":"failed"})"});
  CHECK(scene.server.snapshot() == std::vector<std::string>{scene.journal[1], scene.journal[2]});
  for (const std::string_view line :
       {"", "{}", "[]", R"({"device":"d"})", R"({"device":"d","action":0,"state":"failed"})",
        R"({"device":"d","action":2147483648,"state":"failed"})",
        R"({"device":"d","action":1,"state":"lost"})", R"({"device":"d","attributes":1})"}) {
    CAPTURE(line);
    CHECK(scene.server.load(line).error().code == Errc::bad_journal);
  }
}
