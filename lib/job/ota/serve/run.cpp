#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "aiot/ota_server.hpp"
#include "job/ota/error.hpp"
#include "job/ota/serve/listen.hpp"
#include "job/ota/serve/service.hpp"
#include "job/ota/serve/systemd.hpp"
#include "net/tls_certificate.hpp"

namespace aiot::ota {
namespace {

namespace asio = net::asio;
namespace fs = std::filesystem;

constexpr std::chrono::seconds stop_time(5);  // for answers that are under way

/// How many connections the descriptors of this process are enough for, as many as it may have: a
/// connection needs one, and the file that it sends another.
std::size_t most_connections() {
  constexpr std::size_t others = 64;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = before;
  return limit.rlim_cur > 2 * others ? (limit.rlim_cur - others) / 2 : 1;
}

std::vector<std::string> usual_names() {
  std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) == 0 && host[0] != '\0') {
    names.insert(names.begin(), host.data());
  }
  if (names.front() == "localhost") names.erase(names.begin());
  return names;
}

Error unkept(const std::string& path, const std::string& why) {
  return make_error(Errc::state, path + ": " + why,
                    "make room on its disk, and let this user write there, or name another folder");
}

Result<void> keep(const fs::path& path, const std::string& text, mode_t mode) {
  auto part = file::PartFile::create(path.string(), mode);
  if (!part) return unkept(path.string(), part.error().message());
  file::error_code error = file::write_all(part->get(), as_bytes(text));
  if (!error) error = part->replace();
  if (error) return unkept(path.string(), error.message());
  return {};
}

/// The certificate of this server; made where it is to make its own and has none.
Result<net::TlsServerOptions> identity(const ServeRequest& request, const std::string& state) {
  net::TlsServerOptions options;
  options.certificate_file = request.certificate_file;
  options.key_file = request.key_file;
  options.client_ca_file = request.client_ca_file;
  options.client_required = !request.client_ca_file.empty() && request.tokens_file.empty();
  if (!options.certificate_file.empty()) {
    if (options.key_file.empty()) options.key_file = options.certificate_file;
    return options;
  }
  if (!request.self_signed) {
    return make_error(Errc::no_certificate, {},
                      "name a certificate and its key, or let the server make its own");
  }
  options.certificate_file = (fs::path(state) / "server.pem").string();
  options.key_file = (fs::path(state) / "server.key").string();
  for (const std::string& name : request.names) {
    if (net::is_host(name)) continue;
    return make_error(Errc::bad_request,
                      fmt::format("the server's name \"{}\"", name.substr(0, 256)),
                      "name a host as clients do, such as updates.example, or an IP address");
  }
  if (fs::exists(options.certificate_file) && fs::exists(options.key_file)) {
    for (const std::string& name : request.names) {
      AIOT_TRY(const bool has, net::is_certificate_for(options.certificate_file, name));
      if (has) continue;
      return make_error(Errc::bad_request,
                        fmt::format("{} is not for {}", options.certificate_file, name),
                        "remove the file and its key to have new ones made, and pin those");
    }
  } else {
    const std::vector<std::string> names = request.names.empty() ? usual_names() : request.names;
    AIOT_TRY(const net::SelfSigned made, net::make_self_signed(names));
    AIOT_CHECK(keep(options.key_file, made.key, 0600));
    AIOT_CHECK(keep(options.certificate_file, made.certificate, 0644));
  }
  return options;
}

/// Made when it is not there.
Result<std::string> state_folder(const ServeRequest& request) {
  fs::path folder = request.state_folder;
  const char* given = std::getenv("STATE_DIRECTORY");
  if (folder.empty() && given != nullptr) {
    folder = std::string_view(given).substr(0, std::string_view(given).find(':'));
  }
  if (folder.empty()) {
    const char* state = std::getenv("XDG_STATE_HOME");
    const char* home = std::getenv("HOME");
    if (state != nullptr && *state == '/') {
      folder = fs::path(state) / "aiotctl" / "ota";
    } else if (home != nullptr && *home == '/') {
      folder = fs::path(home) / ".local" / "state" / "aiotctl" / "ota";
    } else {
      return make_error(Errc::state, {}, "name a folder for it");
    }
  }
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return unkept(folder.string(), error.message());
  return folder.string();
}

std::string url_of(const char* scheme, const net::HttpServer::Acceptor& acceptor) {
  boost::system::error_code ignored;
  const auto local = acceptor.local_endpoint(ignored);
  const asio::ip::address address = local.address();
  const std::string host = address.is_unspecified() ? "localhost"
                           : address.is_v6()        ? "[" + address.to_string() + "]"
                                                    : address.to_string();
  return fmt::format("{}://{}:{}/", scheme, host, local.port());
}

/// All of one run.
struct Run {
  Run(const ServeRequest& what, EventSink& events) : request(what), sink(events) {}

  Result<void> open();
  Result<void> listen(ServeReady& ready);
  void reload();
  void await_hangup();
  asio::awaitable<void> stop();

  const ServeRequest& request;
  EventSink& sink;
  asio::io_context loop{1};
  std::string state;
  std::unique_ptr<Service> service;
  net::TlsServerOptions tls_options;
  std::optional<net::TlsServerContext> tls;
  std::shared_ptr<net::HttpServer> server;
  std::shared_ptr<net::HttpServer> metrics;
  asio::signal_set hangup{loop};
};

Result<void> Run::open() {
  if (request.self_signed || request.ddi) {
    AIOT_TRY(state, state_folder(request));
  }
  AIOT_TRY(tls_options, identity(request, state));
  AIOT_TRY(net::TlsServerContext context, net::TlsServerContext::make(tls_options));
  tls = context;
  AIOT_TRY(service, Service::make(request, state, sink, std::chrono::system_clock::now));
  net::HttpLimits limits;
  limits.connections = std::min(request.connections, most_connections());
  limits.connections_of_peer = request.connections_of_peer;
  limits.rate_of_peer = request.rate_of_peer;
  limits.idle = request.idle;
  net::HttpServer::OnDone done;
  if (request.access_events) {
    done = [this](const auto& exchange, const auto& peer) { service->done(exchange, peer); };
  }
  server = std::make_shared<net::HttpServer>(
      loop.get_executor(), net::steady_clock(), limits,
      [this](const auto& message, const auto& peer) { return service->answer(message, peer); },
      std::move(done));
  server->set_tls(std::move(context));
  return {};
}

Result<void> Run::listen(ServeReady& ready) {
  std::vector<net::HttpServer::Acceptor> acceptors;
  const std::vector<int> given = take_listen_fds();
  for (const int fd : given) {
    AIOT_TRY(net::HttpServer::Acceptor acceptor, adopt_acceptor(loop.get_executor(), fd));
    acceptors.push_back(std::move(acceptor));
  }
  for (const std::string& text : given.empty() ? request.listen : std::vector<std::string>()) {
    AIOT_TRY(net::HttpServer::Acceptor acceptor, open_acceptor(loop.get_executor(), text));
    acceptors.push_back(std::move(acceptor));
  }
  if (!request.metrics_listen.empty()) {
    AIOT_TRY(net::HttpServer::Acceptor acceptor,
             open_acceptor(loop.get_executor(), request.metrics_listen));
    ready.metrics_url = url_of("http", acceptor) + "metrics";
    net::HttpLimits limits;
    limits.connections = 64;
    metrics = std::make_shared<net::HttpServer>(
        loop.get_executor(), net::steady_clock(), limits, [this](const auto& message, const auto&) {
          return service->metrics(message, server->counters());
        });
    metrics->listen(std::move(acceptor));
  }
  for (net::HttpServer::Acceptor& acceptor : acceptors) {
    ready.urls.push_back(url_of("https", acceptor));
    server->listen(std::move(acceptor));
  }
  AIOT_TRY(const net::Pins pins, net::pins_of(tls_options.certificate_file));
  ready.certificate_sha256 = pins.certificate_sha256;
  ready.key_pin = pins.key_sha256;
  if (request.certificate_file.empty()) ready.certificate_file = tls_options.certificate_file;
  ready.artifacts = service->artifacts();
  return {};
}

void Run::reload() {
  notify_systemd("RELOADING=1");
  Result<net::TlsServerContext> renewed = net::TlsServerContext::make(tls_options, &*tls);
  const Result<void> read = service->reload();
  if (renewed) {
    tls = *renewed;
    server->set_tls(*std::move(renewed));
  } else {
    sink.on_event(event::Notice{{},
                                "ota.not_reloaded",
                                renewed.error().message(),
                                "the certificate from before is still used"});
  }
  if (!read) {
    sink.on_event(event::Notice{{},
                                "ota.not_reloaded",
                                read.error().message(),
                                "the artifacts and tokens from before are still used"});
  }
  if (renewed && read) sink.on_event(event::Log{{}, event::Level::info, "reloaded"});
  notify_systemd("READY=1");
}

void Run::await_hangup() {
  hangup.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    reload();
    await_hangup();
  });
}

asio::awaitable<void> Run::stop() {
  notify_systemd("STOPPING=1");
  hangup.cancel();
  const net::TimePoint deadline = net::steady_clock().now() + stop_time;
  const Result<void> stopped = co_await server->stop(deadline);
  if (metrics) {
    const Result<void> metrics_stopped = co_await metrics->stop(deadline);
    (void)metrics_stopped;
  }
  (void)stopped;
}

}  // namespace

Result<ServeReport> serve(const ServeRequest& request,
                          const std::function<void(const ServeReady&)>& ready, EventSink& sink,
                          std::stop_token stop) {
  const auto begin = std::chrono::steady_clock::now();
  Run run(request, sink);
  AIOT_CHECK(run.open());
  ServeReady listening;
  AIOT_CHECK(run.listen(listening));
  boost::system::error_code ignored;
  run.hangup.add(SIGHUP, ignored);
  run.await_hangup();
  const std::string name = listening.urls.empty() ? std::string() : listening.urls.front();
  ready(listening);
  sink.on_event(event::Started{name, "ota serve"});
  notify_systemd("READY=1");
  const std::stop_callback on_stop(std::move(stop), [&] {
    asio::post(run.loop, [&] { asio::co_spawn(run.loop, run.stop(), asio::detached); });
  });
  run.loop.run();
  const net::HttpCounters counters = run.server->counters();
  ServeReport report;
  report.connections = counters.accepted;
  report.refused_connections = counters.refused_connections;
  report.handshakes_full = counters.handshakes_full;
  report.handshakes_resumed = counters.handshakes_resumed;
  report.handshakes_failed = counters.handshakes_failed;
  report.requests = counters.requests;
  report.refused_requests = counters.refused_requests;
  report.timed_out = counters.timed_out;
  report.body_bytes = counters.body_bytes;
  run.service->fill(report);
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  sink.on_event(event::Finished{name, report});
  return report;
}

}  // namespace aiot::ota
