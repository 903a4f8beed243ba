#include "protocol/homekit/controller.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <utility>

#include "crypto/srp.hpp"
#include "net/http_message.hpp"
#include "provisioning/error.hpp"

namespace aiot::homekit {
namespace {

namespace json = boost::json;
using provisioning::Errc;

constexpr std::size_t message_limit_bytes = 16 * 1024;
constexpr std::size_t accessories_limit_bytes = 1024 * 1024;

Error violated(std::string what) { return make_error(Errc::protocol_violated, std::move(what)); }

/// The link's error as this protocol's.
Error cause_of(Error error, const std::string& step) {
  if (error.code == net::Errc::timed_out) return make_error(Errc::no_reply, step);
  if (error.code == net::Errc::link_lost) return make_error(Errc::link_lost, step);
  if (error.code == net::Errc::protocol) return violated(step).with_peer_text(error.context);
  return std::move(error).with(step);
}

/// Why the accessory ends a pairing (HAP specification, 5.15).
Error refusal(std::uint32_t code, const Tlv& reply, const std::string& step) {
  switch (static_cast<Problem>(std::min<std::uint32_t>(code, 0xff))) {
    case Problem::authentication:
      if (step == "pair-setup M4") {
        return make_error(Errc::wrong_proof, step, "check the 8 digits on the device's label");
      }
      return make_error(Errc::device_refused, step + ": it does not accept this host's key");
    case Problem::backoff: {
      const auto delay_s = reply.number(Tag::retry_delay);
      return make_error(Errc::window_closed, step + ": it waits after a wrong code",
                        delay_s ? fmt::format("try again in {} s", *delay_s) : "try again later");
    }
    case Problem::most_peers:
      return make_error(Errc::device_refused, step + ": it stores no more pairings",
                        "remove one of its pairings, or reset the device");
    case Problem::most_tries:
      return make_error(Errc::window_closed, step + ": too many wrong codes",
                        "restart the device, and try again");
    case Problem::unavailable:
      return make_error(Errc::already_paired, step,
                        "remove the pairing in the app that made it, or reset the device");
    case Problem::busy:
      return make_error(Errc::busy, step + ": another pairing is under way", "try again later");
    default: return make_error(Errc::device_refused, fmt::format("{}: error {}", step, code));
  }
}

/// "00000023-0000-1000-8000-0026BB765291" and "23" are the same.
std::string_view short_type(std::string_view type) {
  constexpr std::string_view base = "-0000-1000-8000-0026BB765291";
  if (type.ends_with(base)) type.remove_suffix(base.size());
  return type.substr(std::min(type.find_first_not_of('0'), type.size()));
}

std::string_view text_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

/// The objects in the list `name`.
std::vector<const json::object*> objects_at(const json::object& object, std::string_view name) {
  std::vector<const json::object*> out;
  const json::value* value = object.if_contains(name);
  const json::array* list = value == nullptr ? nullptr : value->if_array();
  if (list == nullptr) return out;
  for (const json::value& item : *list) {
    if (const json::object* found = item.if_object()) out.push_back(found);
  }
  return out;
}

}  // namespace

Result<AccessoryInfo> parse_accessories(std::string_view text) {
  boost::system::error_code error;
  const json::value parsed = json::parse({text.data(), text.size()}, error);
  if (error || !parsed.is_object()) return violated("the accessories are not in JSON");
  AccessoryInfo out;
  for (const json::object* accessory : objects_at(parsed.get_object(), "accessories")) {
    const json::value* number = accessory->if_contains("aid");
    if (number == nullptr || *number != 1) continue;
    for (const json::object* service : objects_at(*accessory, "services")) {
      if (short_type(text_at(*service, "type")) != "3E") continue;
      for (const json::object* characteristic : objects_at(*service, "characteristics")) {
        const std::string_view type = short_type(text_at(*characteristic, "type"));
        const std::string_view value = text_at(*characteristic, "value");
        if (type == "20") out.manufacturer = value;
        if (type == "21") out.model = value;
        if (type == "23") out.name = value;
        if (type == "30") out.serial = value;
        if (type == "52") out.firmware = value;
      }
    }
  }
  return out;
}

net::Task<Controller::Reply> Controller::request(std::string method, std::string path, Bytes body,
                                                 std::size_t body_limit_bytes, std::string step) {
  net::HttpMessage message = net::http_request(std::move(method), std::move(path));
  message.headers.emplace_back("Host", host_);
  if (!body.empty()) message.headers.emplace_back("Content-Type", "application/pairing+tlv8");
  message.body = std::move(body);
  net::Link& link = secure_ ? *secure_ : link_;
  const net::TimePoint deadline = link.clock().now() + limit_;
  Result<net::HttpMessage> response =
      co_await net::exchange_http(link, std::move(message), body_limit_bytes, deadline);
  if (!response) co_return cause_of(std::move(response).error(), step);
  Reply reply{response->status, std::move(response->body)};
  co_return reply;
}

net::Task<Tlv> Controller::exchange(std::string path, Tlv message, std::string step) {
  const std::uint32_t next_state = message.number(Tag::state).value_or(0) + 1;
  AIOT_CO_TRY(const Reply reply, co_await request("POST", std::move(path), message.encode(),
                                                  message_limit_bytes, step));
  Result<Tlv> answer = Tlv::decode(reply.body);
  if (answer) {
    if (const auto code = answer->number(Tag::error)) co_return refusal(*code, *answer, step);
  }
  if (reply.status != 200)
    co_return make_error(Errc::device_refused,
                         fmt::format("{}: HTTP status {}", step, reply.status));
  if (!answer) co_return std::move(answer).error().with(step);
  if (answer->number(Tag::state) != next_state) co_return violated(step + ": another state");
  co_return answer;
}

net::Task<void> Controller::pair_setup(std::string code, Bytes srp_secret, Pairing& pairing,
                                       provisioning::Flow& flow) {
  const crypto::SrpClient srp(crypto::SrpRules::homekit, srp_secret);
  Tlv first;
  first.add(Tag::state, 1).add(Tag::method, 0);
  AIOT_CO_TRY(const Tlv second, co_await exchange("/pair-setup", first, "pair-setup M2"));
  const auto shared =
      srp.share("Pair-Setup", code, second.find(Tag::salt), second.find(Tag::public_key));
  if (!shared || second.find(Tag::salt).empty()) co_return violated("pair-setup M2: no such key");

  Tlv third;
  third.add(Tag::state, 3).add(Tag::public_key, srp.public_key());
  third.add(Tag::proof, shared->client_proof);
  AIOT_CO_TRY(const Tlv fourth, co_await exchange("/pair-setup", third, "pair-setup M4"));
  if (!crypto::is_same_proof(fourth.find(Tag::proof), shared->server_proof))
    co_return make_error(Errc::wrong_proof, "pair-setup M4: the device does not have the code");
  flow.reached(provisioning::Stage::authenticated);

  const Bytes key = derive(shared->key, "Pair-Setup-Encrypt");
  const Identity& self = pairing.controller;
  const crypto::Key25519 own_key = crypto::ed25519_public(self.secret);
  Tlv own;
  own.add(Tag::identifier, self.id).add(Tag::public_key, own_key);
  own.add(Tag::signature, sign(self, derive(shared->key, "Pair-Setup-Controller-Sign"), own_key));
  Tlv fifth;
  fifth.add(Tag::state, 5).add(Tag::encrypted, seal(key, "PS-Msg05", own));
  pairing.may_be_stored = true;
  AIOT_CO_TRY(const Tlv sixth, co_await exchange("/pair-setup", fifth, "pair-setup M6"));
  Result<Tlv> peer = open(key, "PS-Msg06", sixth.find(Tag::encrypted));
  if (!peer) co_return std::move(peer).error().with("pair-setup M6");
  const std::string id = to_string(peer->find(Tag::identifier));
  const ByteSpan peer_key = peer->find(Tag::public_key);
  if (id.empty() || !verify(peer_key, derive(shared->key, "Pair-Setup-Accessory-Sign"), id,
                            peer_key, peer->find(Tag::signature)))
    co_return violated("pair-setup M6: the signature is wrong");
  pairing.accessory_id = id;
  pairing.accessory_key = Bytes(peer_key.begin(), peer_key.end());
  flow.reached(provisioning::Stage::joined);
  co_return Result<void>();
}

net::Task<void> Controller::pair_verify(const Pairing& pairing, Bytes secret) {
  const crypto::Key25519 own_key = crypto::x25519_public(secret);
  Tlv first;
  first.add(Tag::state, 1).add(Tag::public_key, own_key);
  AIOT_CO_TRY(const Tlv second, co_await exchange("/pair-verify", first, "pair-verify M2"));
  const ByteSpan peer_key = second.find(Tag::public_key);
  const auto shared = crypto::x25519(secret, peer_key);
  if (!shared) co_return violated("pair-verify M2: no such key");
  const Bytes key = derive(*shared, "Pair-Verify-Encrypt");
  Result<Tlv> peer = open(key, "PV-Msg02", second.find(Tag::encrypted));
  if (!peer) co_return std::move(peer).error().with("pair-verify M2");
  const std::string id = to_string(peer->find(Tag::identifier));
  if (!pairing.accessory_key.empty() &&
      (id != pairing.accessory_id ||
       !verify(pairing.accessory_key, peer_key, id, own_key, peer->find(Tag::signature))))
    co_return make_error(Errc::wrong_proof, "pair-verify M2: the device has another key");

  Tlv own;
  own.add(Tag::identifier, pairing.controller.id);
  own.add(Tag::signature, sign(pairing.controller, own_key, peer_key));
  Tlv third;
  third.add(Tag::state, 3).add(Tag::encrypted, seal(key, "PV-Msg03", own));
  AIOT_CO_TRY(const Tlv fourth, co_await exchange("/pair-verify", third, "pair-verify M4"));
  secure_ = std::make_unique<SecureLink>(link_, session_keys(*shared));
  co_return Result<void>();
}

net::Task<void> Controller::remove_pairing(std::string controller_id) {
  Tlv first;
  first.add(Tag::state, 1).add(Tag::method, 4).add(Tag::identifier, controller_id);
  AIOT_CO_TRY(const Tlv second, co_await exchange("/pairings", first, "remove pairing"));
  co_return Result<void>();
}

net::Task<std::vector<std::string>> Controller::list_pairings() {
  Tlv first;
  first.add(Tag::state, 1).add(Tag::method, 5);
  AIOT_CO_TRY(const Tlv second, co_await exchange("/pairings", first, "list pairings"));
  std::vector<std::string> out;
  for (const Tlv::Item& item : second.items()) {
    if (item.tag == Tag::identifier) out.push_back(to_string(item.value));
  }
  co_return out;
}

net::Task<AccessoryInfo> Controller::read_info() {
  const std::string step = "read accessories";
  AIOT_CO_TRY(const Reply reply,
              co_await request("GET", "/accessories", {}, accessories_limit_bytes, step));
  if (reply.status != 200)
    co_return make_error(Errc::device_refused,
                         fmt::format("{}: HTTP status {}", step, reply.status));
  co_return parse_accessories(to_string(reply.body)).with(step);
}

}  // namespace aiot::homekit
