#include "aiot/config.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "aiot/units.hpp"
#include "skip.hpp"

using namespace aiot;

namespace {

/// Folders for the three files, and an environment, all gone afterwards.
struct Place {
  std::filesystem::path root;
  std::map<std::string, std::string> variables;
  std::vector<event::Notice> notices;

  Place() {
    std::string name = (std::filesystem::temp_directory_path() / "aiot-config-XXXXXX").string();
    root = mkdtemp(name.data());
    for (const char* folder : {"work", "user", "system"}) {
      std::filesystem::create_directory(root / folder);
    }
  }
  ~Place() { std::filesystem::remove_all(root); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  void write(const std::string& name, const std::string& text) {
    std::ofstream(root / name) << text;
  }
  ConfigSources sources() {
    ConfigSources sources;
    sources.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto it = variables.find(name);
      return it == variables.end() ? std::nullopt : std::optional(it->second);
    };
    sources.working_directory = (root / "work").string();
    sources.user_file = (root / "user/config.yaml").string();
    sources.system_file = (root / "system/config.yaml").string();
    return sources;
  }
  Result<Config> load() {
    struct Sink final : EventSink {
      std::vector<event::Notice>* to = nullptr;
      void on_event(const Event& e) override { to->push_back(std::get<event::Notice>(e)); }
    } sink;
    sink.to = &notices;
    return Config::load(sources(), sink);
  }
};

}  // namespace

TEST_CASE("keys are sorted, and their defaults are valid") {
  const auto keys = config_keys();
  CHECK(std::is_sorted(keys.begin(), keys.end(),
                       [](const auto& a, const auto& b) { return a.name < b.name; }));
  CHECK(config_variable("flash.baud") == "AIOT_FLASH_BAUD");
  CHECK(config_variable("log_file") == "AIOT_LOG_FILE");
}

TEST_CASE("without files every value is its default") {
  Place place;
  const auto config = place.load();
  REQUIRE(config.has_value());
  CHECK(config->get("flash.before").value == "auto");
  CHECK(config->get("flash.before").origin == "default");
  CHECK(config->files().empty());
}

TEST_CASE("environment, working directory, user, system: the first wins") {
  Place place;
  place.write("system/config.yaml",
              "flash.baud: 1\nflash.jobs: 1\ntimeout: 1s\nsim.profile: fast\n");
  place.write("user/config.yaml", "flash:\n  baud: 2\n  jobs: 2\ntimeout: 2s\n");
  place.write("work/aiot.yaml", "# ours\nflash:\n  baud: 3\n  jobs: 3\n");
  place.variables["AIOT_FLASH_BAUD"] = "4";
  const auto config = place.load();
  REQUIRE(config.has_value());
  CHECK(config->get("flash.baud").value == "4");
  CHECK(config->get("flash.baud").origin == "environment AIOT_FLASH_BAUD");
  CHECK(config->get("flash.jobs").value == "3");
  CHECK(config->get("flash.jobs").origin == "./aiot.yaml:4");
  CHECK(config->get("timeout").value == "2s");
  CHECK(config->get("timeout").origin.ends_with("user/config.yaml:4"));
  CHECK(config->get("sim.profile").value == "fast");
  CHECK(config->files().size() == 3);
}

TEST_CASE("an explicit file replaces the three, is trusted, and must exist") {
  Place place;
  place.write("work/aiot.yaml", "flash.baud: 3\n");
  place.write("mine.yaml", "log_file: out.log\n");
  auto sources = place.sources();
  sources.explicit_file = (place.root / "mine.yaml").string();
  const auto config = Config::load(sources, null_sink());
  REQUIRE(config.has_value());
  CHECK(config->get("flash.baud").value == "0");
  CHECK(config->get("log_file").value == (place.root / "out.log").string());
  sources.explicit_file = (place.root / "absent.yaml").string();
  const auto absent = Config::load(sources, null_sink());
  REQUIRE(!absent.has_value());
  CHECK(absent.error().condition() == Condition::invalid_input);
  CHECK(absent.error().stable_code() == "config.unreadable");
}

TEST_CASE("a stranger's file sets no paths") {
  Place place;
  place.write("work/aiot.yaml", "flash:\n  stub_dir: evil\nlog_file: /etc/passwd\n");
  place.write("user/config.yaml", "flash.stub_dir: stubs\n");
  const auto config = place.load();
  REQUIRE(config.has_value());
  CHECK(config->get("flash.stub_dir").value == (place.root / "user/stubs").string());
  CHECK(config->get("log_file").value.empty());
  REQUIRE(place.notices.size() == 2);
  CHECK(place.notices[0].code == "config.untrusted");
  CHECK(place.notices[0].text.find("./aiot.yaml:2") != std::string::npos);
}

TEST_CASE("a file in the working directory changes nothing that is shown") {
  Place place;
  place.write("work/aiot.yaml", "listen.raw: all\noutput.format: json\nflash.baud: 9600\n");
  const auto config = place.load();
  REQUIRE(config.has_value());
  CHECK(config->get("listen.raw").value == "auto");
  CHECK(config->get("output.format").value == "text");
  CHECK(config->get("flash.baud").value == "9600");
  CHECK(place.notices.size() == 2);
}

TEST_CASE("a file of another user in the working directory is ignored, broken or not") {
  if (geteuid() != 0) AIOT_SKIP("a file of another user needs root");
  for (const char* text : {"flash.baud: 9600\n", "flash: [\n"}) {
    Place place;
    place.write("work/aiot.yaml", text);
    place.write("user/config.yaml", "flash.jobs: 2\n");
    REQUIRE(chown((place.root / "work/aiot.yaml").c_str(), 65534, 65534) == 0);
    std::filesystem::permissions(place.root, std::filesystem::perms(0755));
    REQUIRE(seteuid(1000) == 0);
    const auto config = place.load();
    REQUIRE(seteuid(0) == 0);
    REQUIRE(config.has_value());
    CHECK(config->get("flash.baud").value == "0");
    REQUIRE(place.notices.size() == 1);
    CHECK(place.notices[0].code == "config.foreign");
  }
}

TEST_CASE("what is wrong is named with its line") {
  struct Case {
    const char* text;
    const char* code;
    const char* message;
    const char* hint;
  };
  const std::vector<Case> cases = {
      {"flash:\n  baud: 1\n  buad: 2\n", "config.unknown_key", "./aiot.yaml:3: \"flash.buad\"",
       "did you mean \"flash.baud\"?"},
      {"flash.baud: fast\n", "config.bad_value", "./aiot.yaml:1: \"flash.baud: fast\"",
       "a whole number is expected"},
      {"flash.after: sometimes\n", "config.bad_value", "./aiot.yaml:1", "reset|loader"},
      {"flash.after: reset|loader\n", "config.bad_value", "./aiot.yaml:1", "reset|loader"},
      {"timeout: soon\n", "config.bad_value", "./aiot.yaml:1", "a duration such as 30s"},
      {"timeout: 1s\ntimeout: 2s\n", "config.duplicate_key", "./aiot.yaml:2", ""},
      {"timeout: 1s\n\"\": x\n", "config.syntax", "./aiot.yaml:2: a setting has no name", ""},
      {"timeout:\n", "config.syntax", "\"timeout\" has no value", ""},
      {"a: &x 1\nb: *x\n", "config.syntax", "./aiot.yaml:1: anchors", ""},
      {"a: [1, 2]\n", "config.syntax", "./aiot.yaml:1: lists", ""},
      {"a:\n  b:\n    c: 1\n", "config.syntax", "./aiot.yaml:3: sections", ""},
      {"just words\n", "config.syntax", "plain text", ""},
      {"flash.baud: 1\n---\nflash.baud: 2\n", "config.syntax", "one YAML document", ""},
      {"flash: {baud\n", "config.syntax", "./aiot.yaml:", ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    Place place;
    place.write("work/aiot.yaml", c.text);
    const auto config = place.load();
    REQUIRE(!config.has_value());
    const Error& error = config.error();
    CHECK(error.stable_code() == c.code);
    CHECK(error.condition() == Condition::invalid_input);
    CHECK_MESSAGE(error.message().find(c.message) != std::string::npos, error.message());
    CHECK_MESSAGE(error.hint.find(c.hint) != std::string::npos, error.hint);
  }
}

TEST_CASE("an environment variable is checked like a file") {
  Place place;
  place.variables["AIOT_TIMEOUT"] = "soon";
  const auto config = place.load();
  REQUIRE(!config.has_value());
  CHECK(config.error().message().find("AIOT_TIMEOUT=\"soon\"") != std::string::npos);
}

TEST_CASE("files meant to exhaust the reader are refused") {
  Place place;
  place.write("work/aiot.yaml", std::string(300 * 1024, '#'));
  auto config = place.load();
  REQUIRE(!config.has_value());
  CHECK(config.error().stable_code() == "config.too_large");
  place.write("work/aiot.yaml", "a: " + std::string(100000, '['));
  config = place.load();
  REQUIRE(!config.has_value());
  CHECK(config.error().stable_code() == "config.syntax");
  std::filesystem::remove(place.root / "work/aiot.yaml");
  REQUIRE(mkfifo((place.root / "work/aiot.yaml").c_str(), 0600) == 0);
  config = place.load();
  REQUIRE(!config.has_value());
  CHECK(config.error().message().find("not a regular file") != std::string::npos);
}

TEST_CASE("comments alone, and nothing at all, are configurations") {
  for (const char* text : {"", "# nothing yet\n", "---\n"}) {
    CAPTURE(text);
    Place place;
    place.write("work/aiot.yaml", text);
    CHECK(place.load().has_value());
  }
}
