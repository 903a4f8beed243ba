#include "protocol/homekit/accessory.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

namespace aiot::homekit {
namespace {

using provisioning::FaultKind;
using provisioning::Stage;

constexpr std::size_t request_limit_bytes = 4 * 1024;
constexpr std::chrono::seconds setup_patience{30};
constexpr std::string_view user = "Pair-Setup";

Tlv state(std::uint32_t number) {
  Tlv out;
  out.add(Tag::state, static_cast<std::uint8_t>(number));
  return out;
}

Tlv problem(std::uint32_t number, Problem what) {
  Tlv out = state(number);
  out.add(Tag::error, static_cast<std::uint8_t>(what));
  return out;
}

net::HttpMessage json_response(unsigned status, const boost::json::object& body) {
  net::HttpMessage out = net::http_response(status);
  out.headers.emplace_back("Content-Type", "application/hap+json");
  const std::string text = boost::json::serialize(body);
  out.body.assign(text.begin(), text.end());
  return out;
}

/// HAP specification, 6.6.2 to 6.6.4: one accessory with the service that all have, and a switch.
boost::json::object description_of(const AccessoryOptions& options) {
  boost::json::array characteristics;
  const auto add = [&](int id, std::string_view type, std::string_view value) {
    characteristics.push_back(boost::json::object{{"iid", id},
                                                  {"type", type},
                                                  {"value", value},
                                                  {"perms", boost::json::array{"pr"}},
                                                  {"format", "string"}});
  };
  characteristics.push_back(boost::json::object{
      {"iid", 2}, {"type", "14"}, {"perms", boost::json::array{"pw"}}, {"format", "bool"}});
  add(3, "20", "Example");
  add(4, "21", options.model);
  add(5, "23", options.name);
  add(6, "30", options.serial);
  add(7, "52", options.firmware);
  const boost::json::object information{
      {"iid", 1}, {"type", "3E"}, {"characteristics", std::move(characteristics)}};
  const boost::json::object on{{"iid", 9},
                               {"type", "25"},
                               {"value", false},
                               {"perms", boost::json::array{"pr"}},
                               {"format", "bool"}};
  const boost::json::object lamp{
      {"iid", 8}, {"type", "43"}, {"characteristics", boost::json::array{on}}};
  const boost::json::object accessory{{"aid", 1},
                                      {"services", boost::json::array{information, lamp}}};
  return {{"accessories", boost::json::array{accessory}}};
}

}  // namespace

Accessory::Accessory(AccessoryOptions options)
    : options_(std::move(options)), self_{options_.device_id, options_.random(32)} {}

std::optional<Problem> Accessory::refusal(const void* who, net::TimePoint now) const {
  if (is_paired() || provisioning::has_fault(options_.faults, FaultKind::wrong_state))
    return Problem::unavailable;
  if (wrong_codes_ >= options_.most_tries) return Problem::most_tries;
  if (now < closed_until_) return Problem::backoff;
  if (setting_up_ != nullptr && setting_up_ != who && now < set_up_until_) return Problem::busy;
  return std::nullopt;
}

AccessoryConnection::AccessoryConnection(Accessory& accessory)
    : accessory_(accessory), parser_(net::HttpParser::Kind::request, request_limit_bytes) {}

AccessoryConnection::~AccessoryConnection() { end_setup(); }

void AccessoryConnection::end_setup() {
  setup_state_ = 0;
  srp_.reset();
  setup_secret_.clear();
  if (accessory_.setting_up_ == this) accessory_.setting_up_ = nullptr;
}

void AccessoryConnection::on_bytes(net::TimePoint now, ByteSpan bytes) {
  Bytes text(bytes.begin(), bytes.end());
  if (cipher_ && !closed_) {
    Result<Bytes> opened = cipher_->open(bytes);
    if (!opened) {
      closed_ = true;
      return;
    }
    text = *std::move(opened);
  }
  ByteSpan rest = text;
  while (!closed_ && !rest.empty()) {
    const Result<std::size_t> taken = parser_.feed(rest);
    if (!taken) {
      closed_ = true;
      return;
    }
    rest = rest.subspan(*taken);
    if (!parser_.done()) continue;
    // What was sent in the clear behind the message that begins the session has no key.
    const bool was_clear = !cipher_;
    serve(now, parser_.take());
    if (was_clear && cipher_ && !rest.empty()) closed_ = true;
  }
}

bool AccessoryConnection::has_fault(FaultKind kind, const net::HttpMessage& request) const {
  const auto& faults = accessory_.options_.faults;
  if (provisioning::has_fault(faults, kind, Stage::connected)) return true;
  if (request.target == "/pair-verify")
    return provisioning::has_fault(faults, kind, Stage::confirmed);
  if (request.target != "/pair-setup") return false;
  const Result<Tlv> message = Tlv::decode(request.body);
  const bool last = message && message->number(Tag::state) == 5U;
  return provisioning::has_fault(faults, kind, last ? Stage::joined : Stage::authenticated);
}

void AccessoryConnection::serve(net::TimePoint now, const net::HttpMessage& request) {
  ++accessory_.requests_;
  net::HttpMessage response = answer(now, request);
  if (has_fault(FaultKind::drop, request)) {
    closed_ = true;
    return;
  }
  if (has_fault(FaultKind::silent, request)) return;
  if (has_fault(FaultKind::garbage, request)) response.body = {0x05, 0xff, 0x00};
  response.keep_alive = request.keep_alive;
  const Bytes bytes = net::write_http(response);
  append(output_, cipher_ ? cipher_->seal(bytes) : bytes);
  if (!request.keep_alive) closed_ = true;
  if (verify_state_ == 4) {  // the last message in the clear
    verify_state_ = 0;
    const SessionKeys own = session_keys(shared_);
    cipher_.emplace(SessionKeys{own.read, own.write});
  }
}

net::HttpMessage AccessoryConnection::answer(net::TimePoint now, const net::HttpMessage& request) {
  const bool post = request.method == "POST";
  if (post && request.target == "/identify") {
    if (!accessory_.is_paired()) return net::http_response(204);
    return json_response(400, {{"status", -70401}});
  }
  const bool secured = cipher_ && accessory_.pairings_.contains(peer_id_);
  if (request.target == "/pairings" || request.target == "/accessories") {
    if (!secured) return json_response(470, {{"status", -70401}});
    if (!post) return json_response(200, description_of(accessory_.options_));
  }
  if (!post || (request.target != "/pair-setup" && request.target != "/pair-verify" &&
                request.target != "/pairings"))
    return json_response(404, {{"status", -70409}});
  const Result<Tlv> message = Tlv::decode(request.body);
  if (!message) return json_response(400, {{"status", -70410}});
  const Tlv reply = request.target == "/pair-setup"    ? pair_setup(now, *message)
                    : request.target == "/pair-verify" ? pair_verify(*message)
                                                       : pairings(*message);
  const bool refused = reply.number(Tag::error) == static_cast<std::uint32_t>(Problem::unknown);
  net::HttpMessage out = net::http_response(refused ? 400 : 200);
  out.headers.emplace_back("Content-Type", "application/pairing+tlv8");
  out.body = reply.encode();
  return out;
}

Tlv AccessoryConnection::pair_setup(net::TimePoint now, const Tlv& message) {
  const std::uint32_t sent = std::exchange(setup_state_, 0);
  const std::uint32_t came = message.number(Tag::state).value_or(0);
  if (came == 1) return start_setup(now);
  if (came == 3 && sent == 2) return check_code(now, message);
  if (came == 5 && sent == 4) return exchange_keys(message);
  end_setup();
  return problem(came + 1, Problem::unknown);
}

Tlv AccessoryConnection::start_setup(net::TimePoint now) {
  if (const auto why_not = accessory_.refusal(this, now)) {
    Tlv out = problem(2, *why_not);
    if (why_not == Problem::backoff) {
      const auto left = std::chrono::ceil<std::chrono::seconds>(accessory_.closed_until_ - now);
      Bytes delay;
      append_le32(delay, static_cast<std::uint32_t>(left.count()));
      out.add(Tag::retry_delay, delay);
    }
    return out;
  }
  accessory_.setting_up_ = this;
  accessory_.set_up_until_ = now + setup_patience;
  const Bytes salt = accessory_.options_.random(16);
  srp_.emplace(crypto::SrpRules::homekit, user, salt,
               crypto::srp_verifier(user, accessory_.options_.code, salt),
               accessory_.options_.random(32));
  setup_state_ = 2;
  return state(2).add(Tag::salt, salt).add(Tag::public_key, srp_->public_key());
}

Tlv AccessoryConnection::check_code(net::TimePoint now, const Tlv& message) {
  const auto shared = srp_->share(message.find(Tag::public_key));
  if (!shared || !crypto::is_same_proof(message.find(Tag::proof), shared->client_proof)) {
    ++accessory_.wrong_codes_;
    accessory_.closed_until_ = now + accessory_.options_.backoff;
    end_setup();
    return problem(4, Problem::authentication);
  }
  setup_secret_ = shared->key;
  setup_state_ = 4;
  return state(4).add(Tag::proof, shared->server_proof);
}

Tlv AccessoryConnection::exchange_keys(const Tlv& message) {
  const Bytes secret = setup_secret_;
  end_setup();
  const Bytes key = derive(secret, "Pair-Setup-Encrypt");
  const Result<Tlv> peer = open(key, "PS-Msg05", message.find(Tag::encrypted));
  if (!peer) return problem(6, Problem::authentication);
  const std::string id = to_string(peer->find(Tag::identifier));
  const ByteSpan peer_key = peer->find(Tag::public_key);
  if (id.empty() || !verify(peer_key, derive(secret, "Pair-Setup-Controller-Sign"), id, peer_key,
                            peer->find(Tag::signature)))
    return problem(6, Problem::authentication);
  // Another controller may have been faster.
  if (accessory_.is_paired()) return problem(6, Problem::unavailable);
  if (accessory_.options_.most_pairings == 0) return problem(6, Problem::most_peers);
  accessory_.pairings_[id] = {Bytes(peer_key.begin(), peer_key.end()), true};
  const Identity& self = accessory_.self_;
  const crypto::Key25519 own_key = crypto::ed25519_public(self.secret);
  Tlv own;
  own.add(Tag::identifier, self.id).add(Tag::public_key, own_key);
  own.add(Tag::signature, sign(self, derive(secret, "Pair-Setup-Accessory-Sign"), own_key));
  return state(6).add(Tag::encrypted, seal(key, "PS-Msg06", own));
}

Tlv AccessoryConnection::pair_verify(const Tlv& message) {
  const std::uint32_t sent = std::exchange(verify_state_, 0);
  const std::uint32_t came = message.number(Tag::state).value_or(0);
  if (cipher_) return problem(came + 1, Problem::unknown);
  if (came == 1) return start_verify(message);
  if (came == 3 && sent == 2) return finish_verify(message);
  return problem(came + 1, Problem::unknown);
}

Tlv AccessoryConnection::start_verify(const Tlv& message) {
  const Bytes secret = accessory_.options_.random(32);
  const ByteSpan peer = message.find(Tag::public_key);
  const auto shared = crypto::x25519(secret, peer);
  if (!shared) return problem(2, Problem::authentication);
  const crypto::Key25519 own = crypto::x25519_public(secret);
  shared_.assign(shared->begin(), shared->end());
  own_key_.assign(own.begin(), own.end());
  peer_key_.assign(peer.begin(), peer.end());
  Tlv proof;
  proof.add(Tag::identifier, accessory_.self_.id);
  proof.add(Tag::signature, sign(accessory_.self_, own_key_, peer_key_));
  verify_state_ = 2;
  return state(2)
      .add(Tag::public_key, own_key_)
      .add(Tag::encrypted, seal(derive(shared_, "Pair-Verify-Encrypt"), "PV-Msg02", proof));
}

Tlv AccessoryConnection::finish_verify(const Tlv& message) {
  const Result<Tlv> peer =
      open(derive(shared_, "Pair-Verify-Encrypt"), "PV-Msg03", message.find(Tag::encrypted));
  if (!peer) return problem(4, Problem::authentication);
  const std::string id = to_string(peer->find(Tag::identifier));
  const auto known = accessory_.pairings_.find(id);
  if (known == accessory_.pairings_.end() ||
      !verify(known->second.key, peer_key_, id, own_key_, peer->find(Tag::signature)))
    return problem(4, Problem::authentication);
  peer_id_ = id;
  verify_state_ = 4;
  return state(4);
}

Tlv AccessoryConnection::pairings(const Tlv& message) {
  auto& all = accessory_.pairings_;
  if (!all.at(peer_id_).admin) return problem(2, Problem::authentication);
  const std::string id = to_string(message.find(Tag::identifier));
  switch (message.number(Tag::method).value_or(0)) {
    case 3: {
      const ByteSpan key = message.find(Tag::public_key);
      const bool known = all.contains(id);
      if (id.empty() || key.size() != 32 || (known && !std::ranges::equal(all[id].key, key)))
        return problem(2, Problem::unknown);
      if (!known && all.size() >= accessory_.options_.most_pairings)
        return problem(2, Problem::most_peers);
      all[id] = {Bytes(key.begin(), key.end()), message.number(Tag::permissions) == 1U};
      return state(2);
    }
    case 4:
      all.erase(id);
      // Without an admin nobody could remove the others.
      if (std::ranges::none_of(all, [](const auto& peer) { return peer.second.admin; }))
        all.clear();
      closed_ = !all.contains(peer_id_);
      return state(2);
    case 5: {
      Tlv out = state(2);
      bool first = true;
      for (const auto& [name, peer] : all) {
        if (!std::exchange(first, false)) out.add(Tag::separator, ByteSpan());
        out.add(Tag::identifier, name).add(Tag::public_key, peer.key);
        out.add(Tag::permissions, peer.admin ? 1 : 0);
      }
      return out;
    }
    default: return problem(2, Problem::unknown);
  }
}

}  // namespace aiot::homekit
