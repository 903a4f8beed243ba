#include "protocol/mesh/keys.hpp"

#include <algorithm>

#include "crypto/aes.hpp"

namespace aiot::mesh {
namespace {

constexpr std::size_t data_bytes = 25;
constexpr std::size_t mic_bytes = 8;
constexpr std::size_t nonce_bytes = 13;

Key key_at(ByteSpan bytes) {
  Key out{};
  std::copy_n(bytes.begin(), out.size(), out.begin());
  return out;
}

}  // namespace

Key s1(ByteSpan message) { return crypto::aes_cmac(Key{}, message); }

Key k1(ByteSpan input, const Key& salt, std::string_view purpose) {
  return crypto::aes_cmac(crypto::aes_cmac(salt, input), as_bytes(purpose));
}

Confirmations::Confirmations(ByteSpan inputs, ByteSpan shared_secret)
    : salt(s1(inputs)), key(k1(shared_secret, salt, "prck")) {}

Key Confirmations::of(const Key& random, const Key& authentication) const {
  Bytes message(random.begin(), random.end());
  append(message, authentication);
  return crypto::aes_cmac(key, message);
}

std::optional<NodeData> open_data(ByteSpan sealed, ByteSpan shared_secret, const Key& salt,
                                  const Key& provisioner_random, const Key& device_random) {
  if (sealed.size() != data_bytes + mic_bytes) return std::nullopt;
  Bytes inputs(salt.begin(), salt.end());
  append(inputs, provisioner_random);
  append(inputs, device_random);
  const Key session_salt = s1(inputs);
  const Key nonce = k1(shared_secret, session_salt, "prsn");
  const auto plain = crypto::aes_ccm_open(k1(shared_secret, session_salt, "prsk"),
                                          ByteSpan(nonce).last(nonce_bytes), {},
                                          sealed.first(data_bytes), sealed.last(mic_bytes));
  if (!plain) return std::nullopt;
  const ByteSpan data(*plain);
  NodeData out;
  out.network_key = key_at(data);
  out.key_index = load_be16(&data[16]);
  out.flags = data[18];
  out.iv_index = load_be32(&data[19]);
  out.address = load_be16(&data[23]);
  out.device_key = k1(shared_secret, session_salt, "prdk");
  return out;
}

}  // namespace aiot::mesh
