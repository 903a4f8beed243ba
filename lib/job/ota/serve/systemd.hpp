#pragma once

#include <string_view>
#include <vector>

/// What a service has of systemd: sockets (sd_listen_fds(3)), and a word back (sd_notify(3)).
namespace aiot::ota {

/// Listening sockets that systemd hands to this process, once; none without it.
std::vector<int> take_listen_fds();

/// Sends "READY=1", "RELOADING=1", "STOPPING=1" or the like to $NOTIFY_SOCKET, if there is one.
void notify_systemd(std::string_view state);

}  // namespace aiot::ota
