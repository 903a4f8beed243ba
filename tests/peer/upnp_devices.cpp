// The ssdp and wsd sources with devices nobody here wrote: npm node-ssdp and Debian's wsdd, each in
// a network of its own.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <thread>

#include "aiot/discover.hpp"
#include "aiot/sim.hpp"
#include "network_namespace.hpp"
#include "peer/net_child.hpp"
#include "skip.hpp"
#include "paths.hpp"

using namespace aiot;
using namespace std::chrono_literals;

namespace {

/// Keeps the records and stops the search once one satisfies.
struct Finder final : EventSink {
  std::function<bool(const Object&)> wanted;
  std::stop_source enough;
  std::optional<Object> found;
  void on_event(const Event& event) override {
    const auto* item = std::get_if<event::Item>(&event);
    if (item == nullptr || found || !wanted(item->record.fields())) return;
    found = item->record.fields();
    enough.request_stop();
  }
};

std::string text(const Object& fields, const char* name) {
  const Value* value = fields.find(name);
  return value == nullptr || value->string() == nullptr ? std::string() : *value->string();
}

std::optional<Object> search(const char* source, std::function<bool(const Object&)> wanted) {
  discover::Request request;
  request.timeout = 30s;  // for a busy machine; it ends with the find
  request.only = {source};
  Finder finder;
  finder.wanted = std::move(wanted);
  (void)discover::run(request, finder, finder.enough.get_token());
  return finder.found;
}

}  // namespace

TEST_CASE("a UPnP device of node-ssdp, with what its description says") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  const std::string tests = tests::source_dir() + "/tests";
  if (!std::filesystem::exists(tests + "/node_modules/node-ssdp")) {
    AIOT_SKIP("npm node-ssdp is not here: npm ci --prefix tests");
  }
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  ::setenv("AIOT_TEST_NODE_MODULES", (tests + "/node_modules").c_str(), 1);
  Child device({"node", tests + "/peer/ssdp_peer.mjs", "10.77.0.1"});
  const auto found =
      search("ssdp", [](const Object& fields) { return text(fields, "name") == "Desk lamp"; });
  REQUIRE(found.has_value());
  CHECK(text(*found, "vendor") == "Example Works");
}

TEST_CASE("a virtual gadget is found by node-ssdp, and says goodbye to it") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  const std::string tests = tests::source_dir() + "/tests";
  if (!std::filesystem::exists(tests + "/node_modules/node-ssdp")) {
    AIOT_SKIP("npm node-ssdp is not here: npm ci --prefix tests");
  }
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  REQUIRE(network.ip("route add 239.0.0.0/8 dev dev0"));
  sim::Request request;
  request.device = "gadget";
  std::promise<void> is_ready;
  std::jthread gadget([&](const std::stop_token& stop) {
    const auto ready = [&](const sim::Ready&) { is_ready.set_value(); };
    (void)sim::run(request, ready, null_sink(), stop);
  });
  is_ready.get_future().wait();
  ::setenv("AIOT_TEST_NODE_MODULES", (tests + "/node_modules").c_str(), 1);
  Child searcher({"node", tests + "/peer/ssdp_client.mjs",
                  "uuid:a107c71e-0000-1000-8000-240ac4a10700",
                  "urn:schemas-upnp-org:device:Basic:1"});
  REQUIRE(searcher.says("found"));
  gadget.request_stop();
  CHECK(searcher.wait() == 0);
}

TEST_CASE("a computer of wsdd") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  if (!std::filesystem::exists("/usr/bin/wsdd") && !std::filesystem::exists("/usr/sbin/wsdd")) {
    AIOT_SKIP("wsdd is not here: apt-get install wsdd");
  }
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  const std::string uuid = "5f8e2b1c-90a7-4c51-9d5e-0c5f3a6d1e42";
  Child device({"wsdd", "-4", "-i", "dev0", "-n", "workbench", "-U", uuid});
  const auto found = search("wsd", [&](const Object& fields) {
    const Object* facts =
        fields.find("facts") != nullptr ? fields.find("facts")->object() : nullptr;
    return facts != nullptr && text(*facts, "wsd.endpoint") == "urn:uuid:" + uuid &&
           text(fields, "name") == "WORKBENCH";
  });
  REQUIRE(found.has_value());
  // Read over HTTP, from where its answer to a Resolve said.
  CHECK(text(*found, "model") == "wsdd");
}
