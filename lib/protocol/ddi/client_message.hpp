#pragma once

#include "protocol/ddi/message.hpp"

/// Messages of DDI as a device reads and writes them.
namespace aiot::ddi {

/// What a poll is answered with. The links are URLs; "" for none.
struct Poll {
  std::chrono::seconds sleep{60};  ///< until the next one: 1 s to a day
  std::string config_data;         ///< the server wants the device's attributes
  std::string deployment;
  std::string cancel;
};
/// Errc::bad_message.
Result<Poll> parse_base(ByteSpan body);

/// A file of a deployment.
struct Download {
  std::string file_name;
  std::string url;
  std::uint64_t bytes = 0;
  std::string sha256;  ///< hexadecimal; "" when the server does not say it
  std::string md5;     ///< the same
};
struct Deployment {
  std::uint64_t action = 0;
  std::string version;              ///< of its first chunk
  std::vector<Download> downloads;  ///< of all chunks, in their order: 1 to 64
};
/// Errc::bad_message.
Result<Deployment> parse_deployment(ByteSpan body);

/// The action that shall stop. Errc::bad_message.
Result<std::uint64_t> parse_cancel(ByteSpan body);

std::string write_feedback(std::uint64_t action, const Feedback& feedback);
std::string write_config_data(const Attributes& attributes);

}  // namespace aiot::ddi
