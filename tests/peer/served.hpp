#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "net/datagram_engine.hpp"
#include "peer/net_child.hpp"
#include "unit/net/real_loop.hpp"

/// Serves a device's side on a port of all addresses for as long as the loop runs.
inline bool serve(boost::asio::io_context& loop, aiot::net::DatagramEngine& engine,
                  std::uint16_t port) {
  aiot::net::UdpOptions options;
  options.port = port;
  auto opened = aiot::net::UdpSocket::open(loop.get_executor(), options);
  if (!opened) return false;
  const auto socket = std::make_shared<aiot::net::UdpSocket>(*std::move(opened));
  const auto work = [socket, &engine]() -> boost::asio::awaitable<void> {
    const aiot::Result<void> served =
        co_await aiot::net::serve_datagrams(*socket, engine, aiot::net::steady_clock());
    static_cast<void>(served);
  };
  boost::asio::co_spawn(loop, work, boost::asio::detached);
  return true;
}

/// Runs a shell command while the loop runs; what it prints, and " exit N" when that is not 0.
inline std::string run_beside(boost::asio::io_context& loop, const std::string& command) {
  const TemporaryFolder folder;
  const std::string output = folder.path() / "output";
  Child child({"/bin/sh", "-c", command + " > " + output + " 2>&1"});
  const int status = child.wait(loop, std::chrono::seconds(60));
  std::ifstream file(output);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return status == 0 ? text : text + " exit " + std::to_string(status);
}
