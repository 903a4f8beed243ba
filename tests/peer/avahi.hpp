#pragma once

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "peer/net_child.hpp"
#include "unit/net/real_loop.hpp"

/// Debian's avahi-daemon with a D-Bus of its own, in the network namespace of the thread that makes
/// it. It offers what add_service() has been given before start().
class Avahi {
 public:
  /// What is missing on this machine; "" when nothing is.
  static std::string refusal() {
    for (const char* program :
         {"/usr/sbin/avahi-daemon", "/usr/bin/avahi-browse", "/usr/bin/dbus-daemon"}) {
      if (::access(program, X_OK) != 0) {
        return std::string(program) + " is not here: apt-get install avahi-daemon avahi-utils dbus";
      }
    }
    return {};
  }

  /// `attributes` in XML: "<txt-record>sf=1</txt-record>".
  void add_service(const std::string& name, const std::string& type, int port,
                   const std::string& attributes) {
    folder_.write("services/" + std::to_string(++services_) + ".service",
                  "<?xml version=\"1.0\"?><!DOCTYPE service-group SYSTEM \"avahi-service.dtd\">"
                  "<service-group><name>" +
                      name + "</name><service><type>" + type + "</type><port>" +
                      std::to_string(port) + "</port>" + attributes +
                      "</service></service-group>\n");
  }

  void start(const std::string& host) {
    const std::string bus = "unix:path=" + (folder_.path() / "bus").string();
    folder_.write(
        "bus.conf",
        "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" "
        "\"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">"
        "<busconfig><type>system</type><listen>" +
            bus +
            "</listen><auth>EXTERNAL</auth><policy context=\"default\"><allow user=\"*\"/>"
            "<allow own=\"*\"/><allow send_type=\"method_call\"/><allow send_type=\"signal\"/>"
            "<allow send_requested_reply=\"true\" send_type=\"method_return\"/>"
            "<allow send_requested_reply=\"true\" send_type=\"error\"/>"
            "<allow receive_type=\"method_call\"/><allow receive_type=\"method_return\"/>"
            "<allow receive_type=\"error\"/><allow "
            "receive_type=\"signal\"/></policy></busconfig>\n");
    folder_.write("avahi.conf", "[server]\nhost-name=" + host +
                                    "\nuse-ipv4=yes\nuse-ipv6=yes\nallow-interfaces=dev0\n"
                                    "[publish]\npublish-hinfo=no\npublish-workstation=no\n");
    std::filesystem::create_directories(folder_.path() / "services");
    bus_ = std::make_unique<Child>(std::vector<std::string>{
        "sh", "-c", "exec dbus-daemon --nofork --nopidfile \"--config-file=$0/bus.conf\" 2>&-",
        folder_.path().string()});
    ::setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.c_str(), 1);
    for (int i = 0; i < 1000 && !std::filesystem::exists(folder_.path() / "bus"); ++i) pause();
    // Its pid file, its socket and its services have fixed places: it gets others to see there.
    daemon_ = std::make_unique<Child>(std::vector<std::string>{
        "unshare", "--mount", "sh", "-c",
        "mount -t tmpfs tmpfs /run && mkdir /run/avahi-daemon && "
        "mount --bind \"$0/services\" /etc/avahi/services && "
        "exec /usr/sbin/avahi-daemon --no-drop-root --no-chroot -f \"$0/avahi.conf\" "
        ">\"$0/log\" 2>&1",
        folder_.path().string()});
  }
  /// It withdraws its services.
  void stop() { daemon_.reset(); }

  /// `avahi-browse -aprt`: the services it resolves, "NAME;TYPE" as it writes them.
  static std::set<std::string> browse() {
    std::set<std::string> found;
    const auto close = [](FILE* file) { ::pclose(file); };
    const std::unique_ptr<FILE, decltype(close)> pipe(
        ::popen("avahi-browse -aprkt --no-fail 2>/dev/null", "r"), close);
    std::array<char, 8192> line{};
    while (pipe && std::fgets(line.data(), line.size(), pipe.get()) != nullptr) {
      // =;dev0;IPv4;NAME;TYPE;local;HOST;ADDRESS;PORT;TXT
      const std::string text = line.data();
      if (!text.starts_with('=')) continue;
      std::array<std::size_t, 6> at{};
      for (std::size_t i = 1; i < at.size(); ++i) at[i] = text.find(';', at[i - 1] + 1);
      found.insert(text.substr(at[3] + 1, at[5] - at[3] - 1));
    }
    return found;
  }

  static void pause() { std::this_thread::sleep_for(std::chrono::milliseconds(10)); }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<Child> bus_;
  std::unique_ptr<Child> daemon_;
  int services_ = 0;
};
