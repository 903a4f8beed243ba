#include "sim/provision/hci_socket.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "core/file.hpp"
#include "net/error.hpp"

namespace aiot::sim::provision {
namespace {

// Linux' <net/bluetooth/hci.h> and hci_sock.h, which no package of user space has.
constexpr int bluetooth_family = AF_BLUETOOTH;
constexpr int hci_protocol = 1;
constexpr std::uint16_t raw_channel = 0;
constexpr int hci_level = 0;
constexpr int filter_option = 2;
constexpr unsigned long device_up = _IOW('H', 201, int);

struct HciAddress {
  sa_family_t family;
  std::uint16_t device;
  std::uint16_t channel;
};
struct HciFilter {
  std::uint32_t packet_types;
  std::uint32_t events[2];
  std::uint16_t opcode;
};

constexpr std::uint8_t command_packet = 1;
constexpr std::uint8_t event_packet = 4;
constexpr std::uint8_t le_meta_event = 0x3E;
constexpr std::uint8_t advertising_report = 0x02;
constexpr std::uint8_t extended_report =
    0x0D;  ///< of a controller that has the newer commands, too

constexpr std::uint16_t set_advertising_parameters = 0x2006;
constexpr std::uint16_t set_advertising_data = 0x2008;
constexpr std::uint16_t set_advertising_enable = 0x200A;
constexpr std::uint16_t set_scan_parameters = 0x200B;
constexpr std::uint16_t set_scan_enable = 0x200C;
constexpr std::size_t longest_data = 31;

Error open_error(std::uint16_t number) {
  const std::string name = fmt::format("hci{}", number);
  const std::string why = std::generic_category().message(errno);
  if (errno == ENODEV)
    return make_error(net::Errc::not_found, name, "`btmgmt info` lists the controllers");
  if (errno == EPERM || errno == EACCES)
    return make_error(net::Errc::no_permission, name, "run it as root");
  return make_error(net::Errc::io, name + ": " + why);
}

}  // namespace

Result<std::shared_ptr<HciSocket>> HciSocket::open(const net::asio::any_io_executor& executor,
                                                   std::uint16_t number) {
  file::Descriptor fd(
      ::socket(bluetooth_family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, hci_protocol));
  if (!fd.is_open()) return open_error(number);
  if (::ioctl(fd.get(), device_up, number) != 0 && errno != EALREADY) return open_error(number);
  HciFilter filter{};
  filter.packet_types = 1U << event_packet;
  filter.events[le_meta_event / 32] = 1U << (le_meta_event % 32);
  const HciAddress address{bluetooth_family, number, raw_channel};
  if (::setsockopt(fd.get(), hci_level, filter_option, &filter, sizeof filter) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return open_error(number);
  }
  const int owned = ::dup(fd.get());
  if (owned < 0) return open_error(number);
  return std::shared_ptr<HciSocket>(new HciSocket(executor, owned));
}

void HciSocket::start(OnAdvert on_advert) {
  on_advert_ = std::move(on_advert);
  // Not connectable, every 20 ms, on all three channels.
  command(set_advertising_parameters,
          {0x20, 0x00, 0x20, 0x00, 0x03, 0x00, 0x00, 0, 0, 0, 0, 0, 0, 0x07, 0x00});
  // Passive, all the time; without a filter for what comes again.
  command(set_scan_parameters, {0x00, 0x10, 0x00, 0x10, 0x00, 0x00, 0x00});
  command(set_scan_enable, {0x01, 0x00});
  read();
}

void HciSocket::advertise(ByteSpan data) {
  if (advertising_) command(set_advertising_enable, {0});
  advertising_ = !data.empty();
  if (!advertising_) return;
  Bytes parameters(1 + longest_data);
  parameters[0] = static_cast<std::uint8_t>(std::min(data.size(), longest_data));
  std::copy_n(data.begin(), parameters[0], parameters.begin() + 1);
  command(set_advertising_data, parameters);
  command(set_advertising_enable, {1});
}

void HciSocket::stop() {
  if (!stream_.is_open()) return;
  advertise({});
  command(set_scan_enable, {0x00, 0x00});
  boost::system::error_code ignored;
  stream_.close(ignored);
}

void HciSocket::command(std::uint16_t opcode, const Bytes& parameters) {
  Bytes packet{command_packet};
  append_le16(packet, opcode);
  packet.push_back(static_cast<std::uint8_t>(parameters.size()));
  append(packet, parameters);
  // The kernel keeps as many as it has memory for, and hands them on in their order.
  (void)!::write(stream_.native_handle(), packet.data(), packet.size());
}

void HciSocket::read() {
  stream_.async_read_some(
      net::asio::buffer(buffer_),
      [self = shared_from_this()](const boost::system::error_code& error, std::size_t size) {
        if (error) return;
        self->on_event(ByteSpan(self->buffer_).first(size));
        if (self->stream_.is_open()) self->read();
      });
}

void HciSocket::on_event(ByteSpan packet) {
  // Packet type, event, length, subevent, number of reports.
  constexpr std::size_t reports_at = 5;
  if (packet.size() < reports_at || packet[0] != event_packet || packet[1] != le_meta_event) return;
  const bool extended = packet[3] == extended_report;
  if (!extended && packet[3] != advertising_report) return;
  // The length of the data is the last byte before it; the signal strength may follow.
  const std::size_t header = extended ? 24 : 9;
  const std::size_t trailer = extended ? 0 : 1;
  ByteSpan rest = packet.subspan(reports_at);
  for (int left = packet[4]; left > 0; --left) {
    if (rest.size() < header || rest.size() < header + rest[header - 1] + trailer) return;
    on_advert_(rest.subspan(header, rest[header - 1]));
    rest = rest.subspan(header + rest[header - 1] + trailer);
  }
}

}  // namespace aiot::sim::provision
