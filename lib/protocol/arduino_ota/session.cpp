#include "protocol/arduino_ota/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/udp.hpp>

#include "crypto/digest.hpp"
#include "net/resolve.hpp"
#include "net/tcp_link.hpp"
#include "net/udp.hpp"

namespace aiot::arduino {
namespace {

using namespace std::chrono_literals;

/// A device that is asked while it waits for a response forgets that, and answers the next one.
constexpr int invitations = 10;
constexpr auto invitation_time = 1s;
constexpr auto response_time = 10s;
constexpr auto connect_time = 10s;
constexpr auto data_time = 10s;
/// The device verifies what it has, and copies it where it must.
constexpr auto result_time = 60s;
/// What espota.py sends between two acknowledgements: a device reads at most 1,460 bytes.
constexpr std::size_t chunk_bytes = 1024;
/// Sent before they are acknowledged, so that the device writes while the next ones are on their
/// way: more than the 5,744 bytes that its TCP takes ahead (lwIP in ESP-IDF).
constexpr std::size_t ahead_bytes = 8 * chunk_bytes;
/// Of what a device says; the counts of its writes are dropped.
constexpr std::size_t longest_text = 256;

class Session {
 public:
  Session(Channel& channel, const Update& what) : channel_(channel), what_(what) {}

  net::Task<void> run() {
    AIOT_CO_CHECK(co_await agree());
    Result<std::unique_ptr<net::Link>> link =
        co_await channel_.accept(channel_.clock().now() + connect_time);
    if (!link && link.error().code == net::Errc::timed_out) {
      co_return make_error(Errc::not_connected, fmt::format("TCP port {}", channel_.port()),
                           "let the firewall of this host accept connections from the device");
    }
    if (!link) co_return std::move(link).error();
    link_ = *std::move(link);
    if (what_.uploading) what_.uploading();
    Result<void> sent = co_await upload();
    link_->close();
    co_return sent;
  }

 private:
  net::Task<void> agree() {
    AIOT_CO_TRY(const Answer answer, co_await invite());
    if (answer.kind == Answer::Kind::ok) co_return Result<void>();
    if (what_.password.empty()) {
      co_return make_error(Errc::needs_password, {}, "give the password of the device's sketch");
    }
    const bool sha256 = wants_sha256(answer.nonce);
    std::string hash = sha256 ? sha256_hex(what_.password) : md5_hex(what_.password);
    Result<void> first = co_await respond_to(answer.nonce, hash);
    if (first || !sha256 || first.error().code != Errc::wrong_password) co_return first;
    // The sketch may have set its password as an MD5 hash.
    AIOT_CO_TRY(const Answer again, co_await invite());
    if (again.kind == Answer::Kind::ok) co_return Result<void>();
    hash = md5_hex(what_.password);
    Result<void> second = co_await respond_to(again.nonce, hash);
    co_return second;
  }

  net::Task<Answer> invite() {
    const std::string text = write(
        Invitation{channel_.port(), what_.firmware.size(), to_hex(crypto::md5(what_.firmware))});
    for (int i = 0; i < invitations; ++i) {
      AIOT_CO_CHECK(channel_.send(as_bytes(text)));
      const net::TimePoint deadline = channel_.clock().now() + invitation_time;
      Result<Bytes> reply = co_await channel_.receive(deadline);
      if (!reply && reply.error().code == net::Errc::timed_out) continue;
      if (!reply) co_return std::move(reply).error();
      Answer answer = parse_answer(to_string(*reply));
      if (answer.kind != Answer::Kind::other) co_return answer;
      co_return Error(make_error(Errc::bad_reply, "the invitation"))
          .with_peer_text(to_string(*reply).substr(0, longest_text));
    }
    co_return make_error(Errc::no_reply, "the invitation",
                         "check address and port, and that the sketch calls ArduinoOTA.handle()");
  }

  net::Task<void> respond_to(const std::string& nonce, const std::string& hash) {
    const std::string cnonce = to_hex(what_.random(nonce.size() / 2));
    const std::string text = write_response(cnonce, respond(hash, nonce, cnonce));
    AIOT_CO_CHECK(channel_.send(as_bytes(text)));
    const net::TimePoint deadline = channel_.clock().now() + response_time;
    Result<Bytes> reply = co_await channel_.receive(deadline);
    if (!reply && reply.error().code == net::Errc::timed_out) {
      co_return make_error(Errc::no_reply, "the password", "try again");
    }
    if (!reply) co_return std::move(reply).error();
    if (parse_answer(to_string(*reply)).kind == Answer::Kind::ok) co_return Result<void>();
    co_return Error(make_error(Errc::wrong_password, {}, "check the password"))
        .with_peer_text(to_string(*reply).substr(0, longest_text));
  }

  /// Reads what the device has to say next.
  net::Task<void> read(net::TimePoint deadline) {
    std::array<std::uint8_t, 128> buffer;
    AIOT_CO_TRY(const std::size_t got, co_await link_->read_some(buffer, deadline));
    std::string counts;
    for (const std::uint8_t byte : ByteSpan(buffer).first(got)) {
      const bool counts_on = text_.empty() && byte >= '0' && byte <= '9';
      if (counts_on) counts += static_cast<char>(byte);
      if (!counts_on && text_.size() < longest_text) text_ += static_cast<char>(byte);
    }
    acknowledge(counts);
    co_return Result<void>();
  }
  /// Counts have no separator. What is not one count of bytes under way is taken for counts of
  /// whole chunks: a guess that is too low costs no more than time.
  void acknowledge(const std::string& counts) {
    constexpr std::size_t digits_of_chunk = 4;
    std::size_t bytes = 0;
    for (const char digit : counts.substr(0, 9)) {
      bytes = 10 * bytes + static_cast<std::size_t>(digit - '0');
    }
    const std::size_t under_way = sent_ - acknowledged_;
    if (bytes > under_way || counts.size() > 9) {
      bytes = std::max<std::size_t>(1, counts.size() / digits_of_chunk) * chunk_bytes;
    }
    acknowledged_ += std::min(bytes, under_way);
  }
  /// At least one chunk more: a device may acknowledge several at once.
  net::Task<void> send_ahead(net::TimePoint deadline) {
    const ByteSpan all = what_.firmware;
    do {
      const std::size_t count = std::min(chunk_bytes, all.size() - sent_);
      AIOT_CO_CHECK(co_await link_->write(all.subspan(sent_, count), deadline));
      sent_ += count;
    } while (sent_ < all.size() && sent_ - acknowledged_ < ahead_bytes);
    co_return Result<void>();
  }
  bool confirmed() const { return text_.find("OK") != std::string::npos; }
  /// An error text has begun.
  bool complains() const {
    return !confirmed() && text_.find_first_not_of("OK \r\n") != std::string::npos;
  }
  Error refused() const {
    return Error(make_error(Errc::refused, {}, "check that the firmware is for this device"))
        .with_peer_text(text_);
  }
  /// Ends a session whose device has begun to complain, or has gone.
  net::Task<void> refuse(Error otherwise) {
    const net::TimePoint deadline = channel_.clock().now() + 1s;
    for (;;) {
      Result<void> more = co_await read(deadline);
      if (!more && more.error().code == net::Errc::cancelled) co_return more;
      if (!more || text_.size() >= longest_text) break;
    }
    if (complains()) co_return refused();
    co_return otherwise;
  }

  net::Task<void> upload() {
    const std::size_t total = what_.firmware.size();
    while (sent_ < total) {
      const net::TimePoint deadline = channel_.clock().now() + data_time;
      Result<void> done = co_await send_ahead(deadline);
      if (done) done = co_await read(deadline);
      if (!done && done.error().code == net::Errc::timed_out) {
        co_return make_error(Errc::stalled, fmt::format("{} of {} bytes sent", sent_, total),
                             "bring the device nearer to its access point, and try again");
      }
      if (!done && done.error().code == net::Errc::cancelled) co_return done;
      if (!done || complains()) {
        Error lost = done ? refused() : std::move(done).error();
        Result<void> why = co_await refuse(std::move(lost));
        co_return why;
      }
      if (what_.progress) what_.progress(acknowledged_, total);
    }
    const net::TimePoint deadline = channel_.clock().now() + result_time;
    while (!confirmed()) {
      Result<void> more = co_await read(deadline);
      if (!more && more.error().code == net::Errc::cancelled) co_return more;
      if (!more && more.error().code == net::Errc::timed_out) {
        co_return make_error(Errc::no_reply, "the end of the data", "try again");
      }
      if (!more || complains()) {
        Error lost = more ? refused() : std::move(more).error();
        Result<void> why = co_await refuse(std::move(lost));
        co_return why;
      }
    }
    if (what_.progress) what_.progress(total, total);
    co_return Result<void>();
  }

  Channel& channel_;
  const Update& what_;
  std::unique_ptr<net::Link> link_;
  std::size_t sent_ = 0;
  std::size_t acknowledged_ = 0;
  std::string text_;  ///< what the device has said behind its counts
};

class SocketChannel final : public Channel {
 public:
  SocketChannel(net::asio::ip::udp::endpoint device, net::UdpSocket socket,
                net::TcpListener listener)
      : device_(std::move(device)), socket_(std::move(socket)), listener_(std::move(listener)) {}

  net::Clock& clock() override { return net::steady_clock(); }
  Result<void> send(ByteSpan datagram) override { return socket_.send(device_, datagram); }
  net::Task<Bytes> receive(net::TimePoint deadline) override {
    for (;;) {
      AIOT_CO_TRY(net::Datagram datagram, co_await socket_.receive(deadline));
      if (datagram.from == device_) co_return std::move(datagram.payload);
    }
  }
  std::uint16_t port() const override { return listener_.port(); }
  net::Task<std::unique_ptr<net::Link>> accept(net::TimePoint deadline) override {
    for (;;) {
      AIOT_CO_TRY(net::Accepted accepted, co_await listener_.accept(deadline));
      if (accepted.from.address() == device_.address()) {
        co_return net::TcpLink::adopt(std::move(accepted));
      }
    }
  }

 private:
  net::asio::ip::udp::endpoint device_;
  net::UdpSocket socket_;
  net::TcpListener listener_;
};

}  // namespace

net::Task<void> update(Channel& channel, const Update& what) {
  Session session(channel, what);
  Result<void> done = co_await session.run();
  co_return done;
}

net::Task<std::unique_ptr<Channel>> open_channel(std::string host, std::uint16_t port,
                                                 net::TimePoint deadline) {
  AIOT_CO_TRY(const net::asio::ip::address address,
              co_await net::resolve(std::move(host), deadline));
  const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
  net::UdpOptions options;
  options.v6 = address.is_v6();
  AIOT_CO_TRY(net::UdpSocket socket, net::UdpSocket::open(executor, options));
  const net::asio::ip::tcp::endpoint any(
      address.is_v6() ? net::asio::ip::tcp::v6() : net::asio::ip::tcp::v4(), 0);
  AIOT_CO_TRY(net::TcpListener listener, net::TcpListener::open(executor, any));
  const net::asio::ip::udp::endpoint device(address, port != 0 ? port : usual_port);
  std::unique_ptr<Channel> made =
      std::make_unique<SocketChannel>(device, std::move(socket), std::move(listener));
  co_return made;
}

}  // namespace aiot::arduino
