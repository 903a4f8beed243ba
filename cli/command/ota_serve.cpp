#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <ostream>

#include "aiot/bytes.hpp"
#include "aiot/ota_server.hpp"
#include "aiot/units.hpp"
#include "command/numbers.hpp"
#include "command/ota.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "render/envelope.hpp"
#include "render/json.hpp"

namespace aiot::cli::command {
namespace {

using namespace std::chrono_literals;

/// A JSON line for each request, appended to a file; everything goes on to the renderer, too.
class AccessLog final : public EventSink {
 public:
  AccessLog(EventSink& next, std::string path, bool lines)
      : next_(next), path_(std::move(path)), lines_(lines) {
    reopen();
  }
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;
  ~AccessLog() override {
    if (fd_ >= 0) ::close(fd_);
  }
  bool is_open() const { return path_.empty() || fd_ >= 0; }

  void on_event(const Event& event) override {
    const auto* item = std::get_if<event::Item>(&event);
    const auto* log = std::get_if<event::Log>(&event);
    if (log != nullptr && log->text == "reloaded") reopen();  // what rotates logs sends SIGHUP
    if (item != nullptr && fd_ >= 0) {
      std::string line = fmt::format("{{\"kind\":\"{}\",", item->kind);
      render::append_fields(line, item->record);
      line += "}\n";
      // One call for each line: lines of several processes do not mix.
      [[maybe_unused]] const ssize_t written = ::write(fd_, line.data(), line.size());
    }
    const bool is_word = log != nullptr || std::holds_alternative<event::Notice>(event);
    if (lines_ || is_word) next_.on_event(event);
  }

 private:
  void reopen() {
    if (path_.empty()) return;
    const int opened = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (opened < 0) return;
    if (fd_ >= 0) ::close(fd_);
    fd_ = opened;
  }

  EventSink& next_;
  std::string path_;
  bool lines_;
  int fd_ = -1;
};

Result<ota::ServeRequest> serve_request(const Context& context) {
  const Arguments& args = context.args;
  ota::ServeRequest request;
  request.folder = args.items.front();
  if (args.has("--listen")) request.listen = args.all("--listen");
  request.certificate_file = args.get("--certificate").value_or("");
  request.key_file = args.get("--key").value_or("");
  request.self_signed = args.has("--self-signed");
  request.names = args.all("--name");
  request.client_ca_file = args.get("--client-ca").value_or("");
  request.tokens_file = args.get("--tokens").value_or("");
  request.artifacts_file = args.get("--artifacts").value_or("");
  request.ddi = args.has("--ddi");
  request.state_folder = args.get("--state").value_or("");
  request.metrics_listen = args.get("--metrics").value_or("");
  AIOT_TRY(request.connections, positive_option(args, "--connections", request.connections));
  AIOT_TRY(request.connections_of_peer,
           positive_option(args, "--connections-per-address", request.connections_of_peer));
  AIOT_TRY(request.rate_of_peer, number_option(args, "--rate", request.rate_of_peer));
  if (const auto idle = args.get("--idle")) {
    AIOT_TRY(const std::chrono::nanoseconds time, time_option("--idle", *idle, 1s));
    request.idle = std::chrono::duration_cast<std::chrono::milliseconds>(time);
  }
  if (const auto poll = args.get("--poll")) {
    AIOT_TRY(const std::chrono::nanoseconds time, time_option("--poll", *poll, 1s));
    request.poll_interval = std::chrono::duration_cast<std::chrono::seconds>(time);
  }
  if (!request.certificate_file.empty() && request.self_signed) {
    return make_error(Errc::conflict, "ota serve: --certificate and --self-signed",
                      "give one of the two");
  }
  struct Pair {
    const char* option;
    const char* with;
  };
  for (const auto& [option, with] :
       {Pair{"--name", "--self-signed"}, Pair{"--key", "--certificate"}, Pair{"--tokens", "--ddi"},
        Pair{"--poll", "--ddi"}}) {
    if (!args.has(option) || args.has(with)) continue;
    return make_error(Errc::conflict, fmt::format("ota serve: {} without {}", option, with),
                      fmt::format("give {}, or leave out {}", with, option));
  }
  request.access_events = args.has("--access-log") || context.settings.format == Format::jsonl;
  return request;
}

void print_ready(std::ostream& out, const ota::ServeReady& ready) {
  for (const std::string& url : ready.urls) out << "serves " << url << '\n';
  if (!ready.metrics_url.empty()) out << "metrics at " << ready.metrics_url << '\n';
  out << "certificate SHA-256 " << ready.certificate_sha256 << '\n';
  out << "public key pin      " << ready.key_pin << '\n';
  if (!ready.certificate_file.empty()) {
    out << "made by this server: " << escape_controls(ready.certificate_file) << '\n';
  }
  out << std::flush;
}

int run_serve(Context& context) {
  auto request = serve_request(context);
  if (!request) return context.fail(request.error());
  if (context.settings.format == Format::json) {
    return context.fail(make_error(Errc::conflict, "ota serve and one JSON document",
                                   "--jsonl prints a line when it listens, and its events"));
  }
  const bool lines = context.settings.format == Format::jsonl;
  const auto ready = [&](const ota::ServeReady& listening) {
    if (!lines) return print_ready(context.out, listening);
    std::string line = fmt::format("{{\"event\":\"ready\",\"time_s\":{},", context.ui.time_s());
    render::append_fields(line, listening);
    context.out << line << "}\n" << std::flush;
  };
  const std::string path = context.args.get("--access-log").value_or("");
  AccessLog log(context.ui, path, lines);
  if (!log.is_open()) {
    return context.fail(
        make_error(Errc::report_unwritable, path, "name a file in a folder that is there"));
  }
  const auto report = ota::serve(*request, ready, log, context.stop());
  if (!report) return context.fail(report.error());
  render::Outcome outcome;
  outcome.ended_by_signal_is_success = true;
  outcome.record = *report;
  outcome.text = [report = *report](std::ostream& out) {
    out << fmt::format("{} requests on {} connections, {} bytes sent\n", report.requests,
                       report.connections, report.body_bytes);
  };
  return context.ui.finish(outcome);
}

}  // namespace

Command ota_serve() {
  return {
      .name = "serve",
      .summary = "serve updates over TLS, as files and to devices that poll",
      .description =
          "Serves a folder over HTTPS (TLS 1.3 and 1.2): a TUF repository, or any files. With "
          "--ddi "
          "devices that speak hawkBit's protocol, such as SWUpdate and RAUC's updater, poll it for "
          "their updates. A change of the repository is followed at the next poll. Runs until "
          "SIGINT "
          "or SIGTERM; SIGHUP reads the certificate, the tokens "
          "and the artifacts again and drops no connection.\n\n"
          "A file that only its owner may read (mode 0600) and names that begin with a dot are not "
          "served.",
      .positionals = {{.name = "FOLDER", .help = "what is served", .complete = Complete::folder}},
      .options =
          {{.names = "-l,--listen",
            .value = "ADDRESS",
            .help = "Listen at IP:PORT or :PORT; may be repeated; port 0 takes a free one [:8443]",
            .repeatable = true},
           {.names = "--certificate",
            .value = "FILE",
            .help = "The server's certificate with its chain, PEM",
            .complete = Complete::file},
           {.names = "--key",
            .value = "FILE",
            .help = "Its key, PEM; else it is in the certificate's file",
            .complete = Complete::file},
           {.names = "--self-signed",
            .help = "Make a certificate once, keep it, and print the fingerprint to pin"},
           {.names = "--name",
            .value = "NAME",
            .help = "A host name or IP address of that certificate; may be repeated",
            .repeatable = true},
           {.names = "--client-ca",
            .value = "FILE",
            .help = "Authorities of client certificates, PEM; every client needs one, unless "
                    "--tokens lets others in",
            .complete = Complete::file},
           {.names = "--ddi", .help = "Offer updates to devices that poll (hawkBit DDI)"},
           {.names = "--tokens",
            .value = "FILE",
            .help = "Tokens of DDI devices, YAML of mode 0600; else all are served",
            .complete = Complete::file},
           {.names = "--artifacts",
            .value = "FILE",
            .help = "Which file is for which product and hardware, YAML, beside the TUF targets",
            .complete = Complete::file},
           {.names = "--poll", .value = "TIME", .help = "How often DDI devices shall poll [60s]"},
           {.names = "--state",
            .value = "FOLDER",
            .help = "Where DDI's state and the own certificate are kept "
                    "[$STATE_DIRECTORY or ~/.local/state/aiotctl/ota]",
            .complete = Complete::folder},
           {.names = "--metrics",
            .value = "ADDRESS",
            .help = "Serve Prometheus metrics over plain HTTP at IP:PORT/metrics"},
           {.names = "--access-log",
            .value = "FILE",
            .help = "Append a JSON line for each request to FILE; SIGHUP opens it again",
            .complete = Complete::file},
           {.names = "--connections", .value = "N", .help = "Connections at once [10000]"},
           {.names = "--connections-per-address",
            .value = "N",
            .help = "Of those, from one IPv4 address or IPv6 /64 network [256]"},
           {.names = "--rate",
            .value = "N",
            .help = "Connections and requests a second from one address; 0 sets no limit [200]"},
           {.names = "--idle",
            .value = "TIME",
            .help = "How long a connection may be without a request [60s]"}},
      .common = "--listen --self-signed --name --certificate --key --ddi --tokens",
      .examples = {{"ota serve repository --self-signed", "A TUF repository on port 8443"},
                   {"ota serve repository --ddi --tokens tokens.yaml --certificate server.pem",
                    "Updates for SWUpdate in suricatta mode"}},
      .handler = run_serve,
      .no_dry_run = true,
      .lists = render::lists_of<ota::ServeReport>,
  };
}

}  // namespace aiot::cli::command
