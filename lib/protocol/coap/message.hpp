#pragma once

#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/error.hpp"
#include "aiot/result.hpp"
#include "net/udp_protocol.hpp"

namespace aiot::coap {

/// What can go wrong in CoAP.
enum class Errc {
  bad_message = 1,  ///< not a CoAP message
  bad_link_format,  ///< a list of links that RFC 6690 does not allow
  bad_block,        ///< blocks that do not fit together
  too_large,        ///< a representation beyond the bound
  no_reply,         ///< no acknowledgement after all retransmissions, or no response after one
  reset,            ///< the other end knows nothing of this exchange
  critical_option,  ///< a response that cannot be understood without an option unknown here
  refused,          ///< a response of class 4 or 5; its text is in peer_text
  not_observable,   ///< the resource was read, but will not be reported on
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::coap

template <>
struct boost::system::is_error_code_enum<aiot::coap::Errc> : std::true_type {};

namespace aiot::coap {

/// The value of a Block1 or Block2 option: RFC 7959, section 2.2.
struct Block {
  std::uint32_t number = 0;  ///< below 2^20
  bool more = false;
  std::uint8_t size_exponent = 6;  ///< 0 to 6: blocks of 16 to 1024 bytes

  std::size_t size_bytes() const { return std::size_t{16} << size_exponent; }
  /// Where the block begins in the whole.
  std::size_t offset_bytes() const { return number * size_bytes(); }
  std::uint32_t value() const {
    return number << 4 | static_cast<std::uint32_t>(more) << 3 | size_exponent;
  }
};

/// Nothing for a value beyond three bytes, or the reserved size exponent 7.
std::optional<Block> parse_block(ByteSpan value);

}  // namespace aiot::coap

/// Messages of RFC 7252, section 3. Decoding copies nothing: what comes out views the datagram.
namespace aiot::coap {

/// Bytes to keep, of a view.
inline Bytes as_vector(ByteSpan bytes) { return {bytes.begin(), bytes.end()}; }

inline constexpr std::uint16_t default_port = 5683;
/// RFC 7252, 12.8, and RFC 7390, 2.6: "All CoAP Nodes", of IPv6 on the link and in the site.
inline constexpr std::array<std::string_view, 3> groups = {"224.0.1.187", "ff02::fd", "ff05::fd"};
inline constexpr std::array<std::uint16_t, 1> ports = {default_port};
inline constexpr net::UdpProtocol udp_protocol{"coap", ports, groups};

/// Section 3.
enum class Type : std::uint8_t { confirmable, non_confirmable, acknowledgement, reset };

/// Class and detail, as on the wire: 2.05 is 0x45. Section 12.1.
enum class Code : std::uint8_t {
  empty = 0,
  get = 1,
  post = 2,
  put = 3,
  del = 4,
  created = 0x41,
  deleted = 0x42,
  valid = 0x43,
  changed = 0x44,
  content = 0x45,
  continue_ = 0x5F,  // RFC 7959
  bad_request = 0x80,
  unauthorized = 0x81,
  bad_option = 0x82,
  forbidden = 0x83,
  not_found = 0x84,
  method_not_allowed = 0x85,
  not_acceptable = 0x86,
  internal_server_error = 0xA0,
};
/// "2.05"
std::string code_text(Code code);
/// 0 for a request or an empty message; 2, 4 or 5 for a response.
constexpr unsigned code_class(Code code) { return static_cast<unsigned>(code) >> 5; }
constexpr bool is_request(Code code) { return code_class(code) == 0 && code != Code::empty; }
constexpr bool is_response(Code code) { return code_class(code) >= 2; }

/// Option numbers: section 12.2, RFC 7641 (observe), RFC 7959 (blocks).
namespace option {
inline constexpr std::uint16_t if_match = 1;
inline constexpr std::uint16_t uri_host = 3;
inline constexpr std::uint16_t etag = 4;
inline constexpr std::uint16_t if_none_match = 5;
inline constexpr std::uint16_t observe = 6;
inline constexpr std::uint16_t uri_port = 7;
inline constexpr std::uint16_t location_path = 8;
inline constexpr std::uint16_t uri_path = 11;
inline constexpr std::uint16_t content_format = 12;
inline constexpr std::uint16_t max_age = 14;
inline constexpr std::uint16_t uri_query = 15;
inline constexpr std::uint16_t accept = 17;
inline constexpr std::uint16_t location_query = 20;
inline constexpr std::uint16_t block2 = 23;
inline constexpr std::uint16_t block1 = 27;
inline constexpr std::uint16_t size2 = 28;
inline constexpr std::uint16_t proxy_uri = 35;

/// A receiver that does not know a critical option must not act on the message (section 5.4.1).
constexpr bool is_critical(std::uint16_t number) { return (number & 1U) != 0; }
}  // namespace option

/// Section 12.3.
namespace format {
inline constexpr std::uint32_t text = 0;
inline constexpr std::uint32_t link = 40;
inline constexpr std::uint32_t octets = 42;
inline constexpr std::uint32_t json = 50;
inline constexpr std::uint32_t cbor = 60;
}  // namespace format

struct Option {
  std::uint16_t number = 0;
  ByteSpan value;
};

/// The options of a decoded message in the order of their numbers, read off its bytes one by one.
class Options {
 public:
  class Iterator {
   public:
    using value_type = Option;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    explicit Iterator(ByteSpan bytes) : rest_(bytes) { read(); }
    const Option& operator*() const { return current_; }
    const Option* operator->() const { return &current_; }
    Iterator& operator++() {
      read();
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      read();
      return before;
    }
    bool operator==(std::default_sentinel_t) const { return ended_; }

   private:
    void read();
    ByteSpan rest_;
    Option current_;
    bool ended_ = false;
  };

  Options() = default;
  explicit Options(ByteSpan bytes) : bytes_(bytes) {}
  Iterator begin() const { return Iterator(bytes_); }
  std::default_sentinel_t end() const { return {}; }
  /// The first of this number.
  std::optional<ByteSpan> find(std::uint16_t number) const;
  /// The first of this number as a number (section 3.2); nothing when it is longer than 4 bytes.
  std::optional<std::uint32_t> find_uint(std::uint16_t number) const;
  /// "/sensors/temp" of Uri-Path options, "a=1&b" of Uri-Query ones.
  std::string path() const;
  std::string query() const;

 private:
  ByteSpan bytes_;
};

/// A decoded message; it views the datagram it came from.
struct MessageView {
  Type type{};
  Code code{};
  std::uint16_t id = 0;
  ByteSpan token;  ///< at most 8 bytes
  Options options;
  ByteSpan payload;
};

/// Errc::bad_message: another version, a token above 8 bytes, a reserved code class, an option that
/// does not fit, a payload marker with nothing behind it, an empty message that holds something.
Result<MessageView> decode(ByteSpan datagram);

/// A message to be sent.
struct Message {
  struct Option {
    std::uint16_t number = 0;
    Bytes value;
  };
  Type type = Type::confirmable;
  Code code = Code::empty;
  std::uint16_t id = 0;
  Bytes token;                  ///< at most 8 bytes
  std::vector<Option> options;  ///< in any order; those of one number keep theirs
  Bytes payload;

  Message& add(std::uint16_t number, ByteSpan value);
  Message& add(std::uint16_t number, std::string_view text) { return add(number, as_bytes(text)); }
  Message& add_uint(std::uint16_t number, std::uint32_t value);
  /// One Uri-Path option for each segment of "/a/b"; the empty path and "/" add none.
  Message& add_path(std::string_view path);
};
Bytes encode(const Message& message);

/// A number in as few bytes as it takes, none for 0 (section 3.2).
Bytes uint_bytes(std::uint32_t value);
std::optional<std::uint32_t> parse_uint(ByteSpan bytes);

}  // namespace aiot::coap
