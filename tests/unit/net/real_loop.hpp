#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <string>

#include "net/clock.hpp"
#include "net/link.hpp"
#include "support/temporary_folder.hpp"

/// Runs a session on the machine's clock; gives it up after half a minute.
template <class Session>
auto run_real(boost::asio::io_context& context, Session session) ->
    typename decltype(session())::value_type {
  using R = typename decltype(session())::value_type;
  auto result = std::make_shared<std::optional<R>>();
  boost::asio::co_spawn(
      context,
      [result, session = std::move(session)]() mutable -> boost::asio::awaitable<void> {
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        R value = co_await session();
        result->emplace(std::move(value));
      },
      [](std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
      });
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  context.restart();
  while (!*result && context.run_one_until(end) != 0) {
  }
  if (!*result) return aiot::make_error(aiot::net::Errc::script, "the session did not end in 30 s");
  return std::move(**result);
}

inline aiot::net::TimePoint in(std::chrono::milliseconds time) {
  return aiot::net::steady_clock().now() + time;
}

/// Reads exactly `count` bytes, or fails by `deadline`.
inline aiot::net::Task<aiot::Bytes> read_exactly(aiot::net::Link& link, std::size_t count,
                                                 aiot::net::TimePoint deadline) {
  aiot::Bytes out(count);
  std::size_t done = 0;
  while (done < count) {
    aiot::Result<std::size_t> got = co_await link.read_some(std::span(out).subspan(done), deadline);
    AIOT_CO_CHECK(std::move(got));
    done += *got;
  }
  co_return out;
}

/// What the kernel shows of one USB serial port, below `folder`/sys and `folder`/dev.
inline void make_usb_port(const TemporaryFolder& folder, const std::string& name,
                          const std::string& place, const std::string& vid, const std::string& pid,
                          const std::string& serial, const std::string& node) {
  const std::string device = "sys/devices/usb1/" + place;
  folder.write(device + "/idVendor", vid + "\n");
  folder.write(device + "/idProduct", pid + "\n");
  if (!serial.empty()) folder.write(device + "/serial", serial + "\n");
  folder.write(device + "/product", "Test bridge\n");
  const std::string port = device + "/" + place + ":1.0/" + name;
  folder.write(port + "/dev", "188:0\n");
  folder.link(folder.path() / port, "sys/class/tty/" + name + "/device");
  folder.link(node, "dev/" + name);
}
