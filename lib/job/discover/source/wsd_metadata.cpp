#include "job/discover/source/wsd_metadata.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <random>

#include "aiot/bytes.hpp"
#include "job/discover/wsd_observation.hpp"
#include "net/http.hpp"
#include "protocol/wsd/metadata.hpp"

namespace aiot::discover {
namespace asio = net::asio;
namespace {

constexpr std::size_t most_metadata_fetches = 16;
constexpr std::size_t most_devices = 4096;
constexpr std::size_t limit_bytes = 64 * 1024;
constexpr std::chrono::seconds metadata_time{2};

Bytes bytes_of(const std::string& text) {
  const ByteSpan bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

std::string random_uuid() {
  std::random_device random;
  Bytes bytes(16);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
  std::string text = to_hex(bytes);
  for (const std::size_t at : {20, 16, 12, 8}) text.insert(at, "-");
  return text;
}

void WsdMetadata::heard(const net::Datagram& datagram, const wsd::Target& target,
                        const Observation& observation) {
  if (target.gone || fetched_.contains(target.endpoint)) return;
  const auto url = std::find_if(target.addresses.begin(), target.addresses.end(),
                                [](const std::string& a) { return a.starts_with("http://"); });
  if (url == target.addresses.end()) {
    if (resolved_.size() >= most_devices || !resolved_.insert(target.endpoint).second) return;
    const bool v6 = datagram.from.address().is_v6();
    const auto group = asio::ip::make_address(std::string(v6 ? wsd::group_v6 : wsd::group_v4));
    ask_({{group, wsd::udp_port},
          bytes_of(wsd::resolve(random_uuid(), target.endpoint)),
          datagram.interface});
    return;
  }
  if (under_way_ >= most_metadata_fetches || fetched_.size() >= most_devices) return;
  fetched_.insert(target.endpoint);
  ++under_way_;
  const auto work = [self = shared_from_this(), address = datagram.from.address(), where = *url,
                     endpoint = target.endpoint, observation]() -> asio::awaitable<void> {
    Observation copy = observation;
    const Result<void> done =
        co_await self->fetch(address, std::string(where), std::string(endpoint), std::move(copy));
    --self->under_way_;
    if (!done) self->fetched_.erase(endpoint);  // with its next word
  };
  asio::co_spawn(executor_, work, asio::detached);
}

net::Task<void> WsdMetadata::fetch(asio::ip::address address, std::string url, std::string endpoint,
                                   Observation observation) {
  const Result<net::HttpUrl> parsed = net::parse_http_url(url);
  if (!parsed) co_return parsed.error();
  net::HttpUrl target = *parsed;
  net::HttpContent content{std::string(wsd::soap_type), wsd::get(random_uuid(), endpoint)};
  const net::TimePoint deadline = net::steady_clock().now() + metadata_time;
  const Result<std::string> text = co_await net::http_post(
      address, std::move(target), std::move(content), limit_bytes, deadline);
  if (!text) co_return text.error();
  const Result<wsd::Metadata> metadata = wsd::parse_metadata(*text);
  if (!metadata) co_return metadata.error();
  if (over_) co_return Result<void>();
  add_metadata(*metadata, observation);
  report_(std::move(observation));
  co_return Result<void>();
}

}  // namespace aiot::discover
