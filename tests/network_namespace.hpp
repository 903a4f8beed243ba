#pragma once

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

/// A network of its own for the thread that makes it, and for the programs that thread starts:
/// nothing outside is heard or disturbed, and every port is free. Has `lo`, up. The thread is back
/// where it was when the object goes.
///
///     NetworkNamespace network;
///     if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
///     REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
class NetworkNamespace {
 public:
  NetworkNamespace() {
    if (::access("/usr/sbin/ip", X_OK) != 0 && ::access("/sbin/ip", X_OK) != 0) {
      refusal_ = "ip(8) is not here: apt-get install iproute2";
      return;
    }
    before_ = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (before_ < 0 || ::unshare(CLONE_NEWNET) != 0) {
      refusal_ = "a network namespace can be made by root only";
      return;
    }
    entered_ = true;
    // Addresses are there at once, without a second of looking for duplicates.
    for (const char* group : {"all", "default"}) {
      std::ofstream("/proc/sys/net/ipv6/conf/" + std::string(group) + "/accept_dad") << 0;
    }
    if (!ip("link set lo up")) refusal_ = "ip(8) cannot configure a network here";
  }
  ~NetworkNamespace() {
    if (entered_) ::setns(before_, CLONE_NEWNET);
    if (before_ >= 0) ::close(before_);
  }
  NetworkNamespace(const NetworkNamespace&) = delete;
  NetworkNamespace& operator=(const NetworkNamespace&) = delete;

  /// Why there is no such network here; empty when there is.
  const std::string& refusal() const { return refusal_; }
  /// Runs `ip ARGUMENTS`; true when it succeeds.
  static bool ip(const std::string& arguments) {
    return std::system(("PATH=$PATH:/usr/sbin:/sbin ip " + arguments).c_str()) == 0;
  }
  /// An interface with a cable to nowhere: what is sent to a group there comes back to those who
  /// listen to the group on it. It gets `address` ("10.77.0.1/24") and, where there is IPv6, a
  /// link-local one. The cable's other end is "NAME-far", up and without addresses.
  static bool add_interface(const std::string& name, const std::string& address) {
    const std::string far = name + "-far";
    return ip("link add " + name + " type veth peer name " + far) &&
           ip("link set " + far + " addrgenmode none") && ip("link set " + far + " up") &&
           ip("address add " + address + " brd + dev " + name) && ip("link set " + name + " up");
  }

 private:
  std::string refusal_;
  int before_ = -1;
  bool entered_ = false;
};
