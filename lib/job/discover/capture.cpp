#include "job/discover/capture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>

#include "config/secrets.hpp"
#include "capture/packet.hpp"
#include "capture/file.hpp"

namespace aiot::discover {
namespace asio = net::asio;
namespace capture = capture;

void CaptureFeed::take(const capture::Record& record,
                       const std::function<void(Observation)>& report) {
  ++counts_.records;
  if (const auto udp = capture::parse_udp(record)) {
    ++counts_.udp_packets;
    Packet packet;
    for (const Protocol& protocol : protocols_) {
      if (!understands(protocol, udp->from.port, udp->to.port)) continue;
      if (packet.from_address.empty()) {
        packet.from_address = udp->from.address_text();
        packet.from_port = udp->from.port;
        packet.to_address = udp->to.address_text();
        packet.to_port = udp->to.port;
        if (udp->from_mac) packet.from_mac = to_hex(*udp->from_mac, ":");
        packet.payload = udp->payload;
      }
      for (Observation& seen : protocol.decode(packet)) report(std::move(seen));
    }
  }
  for (const net::ScannedAdvert& advert : hci_.take(record)) take_advert(advert, report);
  if (const auto advert = capture::parse_ble_link(record)) take_advert(*advert, report);
}

void CaptureFeed::take_advert(const net::ScannedAdvert& received,
                              const std::function<void(Observation)>& report) {
  ++counts_.adverts;
  report(ble_.observe(ble::to_advert(received)));
}

namespace {

/// So many records are read before others on the loop have their turn.
constexpr std::uint64_t turn = 512;

Result<config::BindKeys> keys_of(const Request& request) {
  if (request.keys_file.empty()) return config::BindKeys();
  return config::read_bind_keys(request.keys_file);
}

std::vector<std::string> files_of(const Request& request) {
  std::vector<std::string> files;
  if (!request.pcap_file.empty()) files.push_back(request.pcap_file);
  if (!request.btsnoop_file.empty()) files.push_back(request.btsnoop_file);
  return files;
}

/// A pipe can be read once only, and is left to the search.
bool can_be_checked(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored) || !std::filesystem::exists(path, ignored);
}

bool is_in(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

class CaptureSource final : public Source {
 public:
  explicit CaptureSource(const Request& request) : only_(request.only), except_(request.except) {}

  SourceInfo info() const override { return {"capture", "packets and adverts from files"}; }

  net::Task<SourceStatus> run(SourceContext& context) override {
    AIOT_CO_TRY(config::BindKeys keys, keys_of(context.request));
    BleObserver ble(std::move(keys));
    CaptureFeed feed(ble, protocols());
    const auto report = [&](Observation seen) {
      if (is_wanted(seen.source)) context.report(std::move(seen));
    };
    SourceStatus status;
    for (const std::string& path : files_of(context.request)) {
      AIOT_CO_TRY(const auto reader, capture::open_capture(path));
      while (true) {
        const Result<std::optional<capture::Record>> record = reader->next();
        if (!record) {
          // What came before the damage is good.
          status.hint = fmt::format("{}: {}", path, record.error().message());
          break;
        }
        if (!*record) break;
        feed.take(**record, report);
        if (feed.counts().records % turn != 0) continue;
        const auto executor = co_await asio::this_coro::executor;
        co_await asio::post(executor, asio::use_awaitable);
        const auto cancellation = co_await asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != asio::cancellation_type::none) {
          status.hint = "the time was over before the end of the capture";
          break;
        }
      }
    }
    status.detail = summary(feed.counts(), ble.key_problems());
    co_return status;
  }

 private:
  bool is_wanted(const std::string& source) const {
    return (only_.empty() || is_in(only_, source)) && !is_in(except_, source);
  }

  static std::string summary(const CaptureFeed::Counts& counts,
                             const std::vector<std::string>& key_problems) {
    std::string text = fmt::format("{} records, {} UDP packets, {} adverts", counts.records,
                                   counts.udp_packets, counts.adverts);
    for (const std::string& problem : key_problems) text += "; " + problem;
    return text;
  }

  std::vector<std::string> only_;
  std::vector<std::string> except_;
};

}  // namespace

bool has_captures(const Request& request) { return !files_of(request).empty(); }

Result<void> check_files(const Request& request) {
  if (can_be_checked(request.keys_file)) {
    auto keys = keys_of(request);
    if (!keys) return std::move(keys).error();
  }
  for (const std::string& path : files_of(request)) {
    if (!can_be_checked(path)) continue;
    auto reader = capture::open_capture(path);
    if (!reader) return std::move(reader).error();
  }
  return {};
}

std::unique_ptr<Source> make_capture_source(const Request& request) {
  return std::make_unique<CaptureSource>(request);
}

}  // namespace aiot::discover
