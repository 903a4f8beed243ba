#include "crypto/pkcs11.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <optional>

#include "core/module.hpp"
#include "crypto/digest.hpp"
#include "crypto/random.hpp"

namespace aiot::crypto {
namespace {

// What is used of the C interface of PKCS #11 2.40 ("Cryptoki"), section 5 of its base
// specification, as modules for Unix have it: structs without packing, numbers of unsigned long.
namespace ck {

using Ulong = unsigned long;  // NOLINT(google-runtime-int): CK_ULONG

constexpr Ulong ok = 0, pin_incorrect = 0xA0, pin_invalid = 0xA1, pin_length = 0xA2,
                pin_locked = 0xA4, already_logged_in = 0x100, already_initialized = 0x191;
constexpr Ulong serial_session = 4, read_write_session = 2, os_locking_ok = 2, user = 1;
constexpr Ulong login_required = 4, token_initialized = 0x400;
constexpr Ulong attribute_class = 0, attribute_token = 1, attribute_private = 2,
                attribute_label = 3, attribute_sensitive = 0x103, attribute_sign = 0x108,
                attribute_verify = 0x10A, attribute_extractable = 0x162, attribute_id = 0x102,
                attribute_ec_params = 0x180, attribute_ec_point = 0x181;
constexpr Ulong public_key = 2, private_key = 3;
constexpr Ulong mechanism_ecdsa = 0x1041, mechanism_eddsa = 0x1057, generate_ec = 0x1040,
                generate_edwards = 0x1055;

struct Attribute {
  Ulong type;
  void* value;
  Ulong length;
};
struct Mechanism {
  Ulong mechanism;
  void* parameter;
  Ulong length;
};
struct InitializeArguments {
  void* mutex_functions[4];
  Ulong flags;
  void* reserved;
};
struct TokenInfo {
  std::uint8_t label[32];
  std::uint8_t manufacturer[32];
  std::uint8_t model[16];
  std::uint8_t serial[16];
  Ulong flags;
  Ulong counts[10];
  std::uint8_t versions[4];
  std::uint8_t time[16];
};
struct Functions {
  std::uint8_t version[2];
  Ulong (*initialize)(void*);
  void* finalize_to_get_function_list[3];
  Ulong (*get_slot_list)(std::uint8_t token_present, Ulong* slots, Ulong* count);
  void* get_slot_info;
  Ulong (*get_token_info)(Ulong slot, TokenInfo*);
  void* get_mechanism_list_to_set_pin[5];
  Ulong (*open_session)(Ulong slot, Ulong flags, void* application, void* notify, Ulong* session);
  Ulong (*close_session)(Ulong session);
  void* close_all_sessions_to_set_operation_state[4];
  Ulong (*login)(Ulong session, Ulong user_type, const std::uint8_t* pin, Ulong length);
  void* logout_to_get_object_size[5];
  Ulong (*get_attribute_value)(Ulong session, Ulong object, Attribute*, Ulong count);
  void* set_attribute_value;
  Ulong (*find_objects_init)(Ulong session, Attribute*, Ulong count);
  Ulong (*find_objects)(Ulong session, Ulong* objects, Ulong limit, Ulong* count);
  Ulong (*find_objects_final)(Ulong session);
  void* encrypt_init_to_digest_final[13];
  Ulong (*sign_init)(Ulong session, Mechanism*, Ulong key);
  Ulong (*sign)(Ulong session, const std::uint8_t* data, Ulong length, std::uint8_t* signature,
                Ulong* signature_length);
  void* sign_update_to_generate_key[15];
  Ulong (*generate_key_pair)(Ulong session, Mechanism*, Attribute* public_attributes,
                             Ulong public_count, Attribute* private_attributes, Ulong private_count,
                             Ulong* public_key, Ulong* private_key);
};
using GetFunctionList = Ulong(Functions**);

}  // namespace ck

Error refused(std::string_view step, ck::Ulong code) {
  return make_error(Errc::token_failed, fmt::format("{}: CKR {:#x}", step, code),
                    "check the token with pkcs11-tool or with its vendor's tool");
}

Result<void> check(std::string_view step, ck::Ulong code) {
  if (code != ck::ok) return refused(step, code);
  return {};
}

/// OID 1.2.840.10045.3.1.7 (RFC 5480); 1.3.101.112 (RFC 8410) or its name, as tokens before PKCS
/// #11 3.0 have it.
constexpr std::array<std::uint8_t, 10> params_p256 = {0x06, 0x08, 0x2a, 0x86, 0x48,
                                                      0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr std::array<std::uint8_t, 5> params_ed25519 = {0x06, 0x03, 0x2b, 0x65, 0x70};
constexpr std::string_view params_ed25519_name =
    "\x13\x0c"
    "edwards25519";

/// Blanks pad the fields of a token's description.
template <std::size_t N>
std::string text_of(const std::uint8_t (&field)[N]) {
  const std::string text = to_string(field);
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

/// A session on a token, logged in where the token wants it.
class Session {
 public:
  Session(Module module, const ck::Functions* functions, ck::Ulong handle)
      : module_(std::move(module)), functions_(functions), handle_(handle) {}
  Session(Session&& other) noexcept
      : module_(std::move(other.module_)),
        functions_(std::exchange(other.functions_, nullptr)),
        handle_(other.handle_) {}
  Session& operator=(Session&&) = delete;
  ~Session() {
    if (functions_ != nullptr) functions_->close_session(handle_);
  }

  Result<std::vector<ck::Ulong>> find(std::span<ck::Attribute> wanted) const {
    constexpr ck::Ulong most = 16;
    std::vector<ck::Ulong> objects(most);
    ck::Ulong count = 0;
    AIOT_CHECK(check("C_FindObjectsInit",
                     functions_->find_objects_init(handle_, wanted.data(), wanted.size())));
    const ck::Ulong found = functions_->find_objects(handle_, objects.data(), most, &count);
    functions_->find_objects_final(handle_);
    AIOT_CHECK(check("C_FindObjects", found));
    objects.resize(std::min(count, most));
    return objects;
  }

  Result<Bytes> attribute(ck::Ulong object, ck::Ulong type) const {
    constexpr ck::Ulong most_bytes = 4096;
    ck::Attribute wanted{type, nullptr, 0};
    AIOT_CHECK(
        check("C_GetAttributeValue", functions_->get_attribute_value(handle_, object, &wanted, 1)));
    if (wanted.length > most_bytes) return refused("C_GetAttributeValue: its length", ck::ok);
    Bytes value(wanted.length);
    wanted.value = value.data();
    if (value.empty()) return value;
    AIOT_CHECK(
        check("C_GetAttributeValue", functions_->get_attribute_value(handle_, object, &wanted, 1)));
    value.resize(std::min<std::size_t>(wanted.length, value.size()));
    return value;
  }

  Result<void> log_in(const std::string& pin) const {
    const ck::Ulong code =
        functions_->login(handle_, ck::user, as_bytes(pin).data(), as_bytes(pin).size());
    switch (code) {
      case ck::ok:
      case ck::already_logged_in: return {};
      case ck::pin_incorrect:
      case ck::pin_invalid:
      case ck::pin_length:
      case ck::pin_locked:
        return make_error(Errc::wrong_pin, code == ck::pin_locked ? "the PIN is locked" : "",
                          "check the file of the PIN; a token locks itself after a few attempts");
      default: return refused("C_Login", code);
    }
  }

  /// A pair that stays on the token: the private key can neither be read nor copied.
  Result<void> generate(KeyType type, std::string label, Bytes id) const {
    const bool is_ec = type == KeyType::ecdsa_p256;
    std::uint8_t yes = 1, no = 0;
    Bytes parameters;
    append(parameters, is_ec ? ByteSpan(params_p256) : as_bytes(params_ed25519_name));
    const ck::Attribute its_label{ck::attribute_label, label.data(), label.size()};
    const ck::Attribute its_id{ck::attribute_id, id.data(), id.size()};
    ck::Attribute public_attributes[] = {
        {ck::attribute_token, &yes, 1},
        {ck::attribute_private, &no, 1},
        {ck::attribute_verify, &yes, 1},
        {ck::attribute_ec_params, parameters.data(), parameters.size()},
        its_label,
        its_id};
    ck::Attribute private_attributes[] = {{ck::attribute_token, &yes, 1},
                                          {ck::attribute_private, &yes, 1},
                                          {ck::attribute_sensitive, &yes, 1},
                                          {ck::attribute_extractable, &no, 1},
                                          {ck::attribute_sign, &yes, 1},
                                          its_label,
                                          its_id};
    ck::Mechanism how{is_ec ? ck::generate_ec : ck::generate_edwards, nullptr, 0};
    ck::Ulong public_key = 0, private_key = 0;
    return check("C_GenerateKeyPair",
                 functions_->generate_key_pair(
                     handle_, &how, public_attributes, std::size(public_attributes),
                     private_attributes, std::size(private_attributes), &public_key, &private_key));
  }

  Result<Bytes> sign(ck::Ulong key, ck::Ulong mechanism, ByteSpan data) const {
    ck::Mechanism how{mechanism, nullptr, 0};
    AIOT_CHECK(check("C_SignInit", functions_->sign_init(handle_, &how, key)));
    Bytes signature(256);
    ck::Ulong length = signature.size();
    AIOT_CHECK(check(
        "C_Sign", functions_->sign(handle_, data.data(), data.size(), signature.data(), &length)));
    signature.resize(std::min<std::size_t>(length, signature.size()));
    return signature;
  }

 private:
  Module module_;
  const ck::Functions* functions_;
  ck::Ulong handle_;
};

/// ECDSA-Sig-Value (RFC 3279, 2.2.3) of r | s: INTEGERs without leading zeros that are positive.
Bytes der_signature(ByteSpan r_and_s) {
  Bytes content;
  for (ByteSpan number : {r_and_s.first(r_and_s.size() / 2), r_and_s.last(r_and_s.size() / 2)}) {
    while (number.size() > 1 && number.front() == 0) number = number.subspan(1);
    const bool padded = (number.front() & 0x80) != 0;
    content.push_back(0x02);
    content.push_back(static_cast<std::uint8_t>(number.size() + (padded ? 1 : 0)));
    if (padded) content.push_back(0);
    append(content, number);
  }
  Bytes out{0x30, static_cast<std::uint8_t>(content.size())};
  append(out, content);
  return out;
}

class TokenKey final : public Signer {
 public:
  TokenKey(Session session, ck::Ulong key, PublicKey public_key)
      : session_(std::move(session)), key_(key), public_key_(std::move(public_key)) {}

  const PublicKey& public_key() const override { return public_key_; }

  Result<Bytes> sign(ByteSpan message) const override {
    const std::lock_guard lock(mutex_);
    Bytes signature;
    if (public_key_.type() == KeyType::ed25519) {
      AIOT_TRY(signature, session_.sign(key_, ck::mechanism_eddsa, message));
    } else {
      AIOT_TRY(const Bytes numbers, session_.sign(key_, ck::mechanism_ecdsa, sha256(message)));
      if (numbers.size() == 64) signature = der_signature(numbers);
    }
    // A public key of another pair may lie beside it.
    if (public_key_.verify(message, signature)) return signature;
    return make_error(Errc::token_failed, "the signature is not one of the public key beside it",
                      "give the key's two halves the same id, and no other key that id");
  }

 private:
  mutable std::mutex mutex_;
  Session session_;
  ck::Ulong key_;
  PublicKey public_key_;
};

Result<const ck::Functions*> functions_of(const Module& module, const std::string& path) {
  auto* get = module.function<ck::GetFunctionList>("C_GetFunctionList");
  ck::Functions* functions = nullptr;
  if (get == nullptr || get(&functions) != ck::ok || functions == nullptr) {
    return make_error(Errc::no_pkcs11_module, path + ": no PKCS#11 module",
                      "name the token's module, such as /usr/lib/softhsm/libsofthsm2.so");
  }
  ck::InitializeArguments arguments{};
  arguments.flags = ck::os_locking_ok;
  const ck::Ulong code = functions->initialize(&arguments);
  if (code != ck::ok && code != ck::already_initialized) return refused("C_Initialize", code);
  return functions;
}

bool matches(const Pkcs11Uri& uri, std::string_view name, const std::string& value) {
  const auto wanted = uri.find(name);
  return wanted == uri.end() || wanted->second == value;
}

struct Slot {
  ck::Ulong id = 0;
  ck::Ulong flags = 0;
};

Result<Slot> find_slot(const ck::Functions& functions, const Pkcs11Uri& uri) {
  ck::Ulong count = 0;
  AIOT_CHECK(check("C_GetSlotList", functions.get_slot_list(1, nullptr, &count)));
  constexpr ck::Ulong most = 1024;
  std::vector<ck::Ulong> slots(std::min(count, most));
  count = slots.size();
  AIOT_CHECK(check("C_GetSlotList", functions.get_slot_list(1, slots.data(), &count)));
  slots.resize(std::min<std::size_t>(count, slots.size()));
  std::vector<Slot> found;
  for (const ck::Ulong slot : slots) {
    ck::TokenInfo token{};
    if (functions.get_token_info(slot, &token) != ck::ok) continue;
    if ((token.flags & ck::token_initialized) != 0 && matches(uri, "token", text_of(token.label)) &&
        matches(uri, "serial", text_of(token.serial)) &&
        matches(uri, "model", text_of(token.model)) &&
        matches(uri, "manufacturer", text_of(token.manufacturer)) &&
        matches(uri, "slot-id", std::to_string(slot))) {
      found.push_back({slot, token.flags});
    }
  }
  if (found.size() == 1) return found.front();
  return make_error(Errc::no_token, fmt::format("{} tokens", found.size()),
                    "name the token by token= or serial= in the URI");
}

Result<std::vector<ck::Ulong>> find_keys(const Session& session, ck::Ulong kind,
                                         std::optional<std::string> label,
                                         std::optional<std::string> id) {
  std::vector<ck::Attribute> wanted{{ck::attribute_class, &kind, sizeof kind}};
  if (label) wanted.push_back({ck::attribute_label, label->data(), label->size()});
  if (id) wanted.push_back({ck::attribute_id, id->data(), id->size()});
  return session.find(wanted);
}

/// CKA_EC_POINT is an OCTET STRING, or without one in some modules.
Result<PublicKey> read_public_key(const Session& session, ck::Ulong object) {
  AIOT_TRY(const Bytes parameters, session.attribute(object, ck::attribute_ec_params));
  AIOT_TRY(const Bytes stored, session.attribute(object, ck::attribute_ec_point));
  ByteSpan point(stored);
  if (point.size() > 2 && point[0] == 0x04 && point[1] == point.size() - 2)
    point = point.subspan(2);
  if (std::ranges::equal(parameters, params_p256)) {
    return PublicKey::from_raw(KeyType::ecdsa_p256, point);
  }
  if (std::ranges::equal(parameters, params_ed25519) ||
      std::ranges::equal(parameters, as_bytes(params_ed25519_name))) {
    return PublicKey::from_raw(KeyType::ed25519, point);
  }
  return make_error(Errc::unsupported_key, "", "use Ed25519 or ECDSA P-256");
}

Result<std::unique_ptr<Signer>> find_key(Session session, const Pkcs11Uri& uri) {
  const auto part = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = uri.find(name);
    return found == uri.end() ? std::nullopt : std::optional(found->second);
  };
  AIOT_TRY(const std::vector<ck::Ulong> keys,
           find_keys(session, ck::private_key, part("object"), part("id")));
  if (keys.size() != 1) {
    return make_error(Errc::no_key, fmt::format("{} private keys", keys.size()),
                      "name the key by object= or id= in the URI");
  }
  // Two keys may have one label: the id is what joins the halves of a pair.
  AIOT_TRY(const Bytes id, session.attribute(keys.front(), ck::attribute_id));
  AIOT_TRY(const std::vector<ck::Ulong> halves,
           find_keys(session, ck::public_key, id.empty() ? part("object") : std::nullopt,
                     id.empty() ? std::nullopt : std::optional(to_string(id))));
  if (halves.size() != 1) {
    return make_error(Errc::no_key, fmt::format("{} public keys of its id", halves.size()),
                      "store the public key on the token, too, with the same id");
  }
  AIOT_TRY(PublicKey half, read_public_key(session, halves.front()));
  return std::unique_ptr<Signer>(
      std::make_unique<TokenKey>(std::move(session), keys.front(), std::move(half)));
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto byte = from_hex(text.substr(i + 1, 2));
    if (!byte || byte->size() != 1) return std::nullopt;
    out += static_cast<char>(byte->front());
    i += 2;
  }
  return out;
}

Error bad_uri(std::string what) {
  return make_error(Errc::bad_uri, std::move(what),
                    "write pkcs11:token=LABEL;object=KEY, and ?module-path=FILE behind it");
}

}  // namespace

Result<Pkcs11Uri> parse_pkcs11_uri(std::string_view uri) {
  constexpr std::string_view scheme = "pkcs11:";
  constexpr std::array<std::string_view, 9> known = {
      "token", "serial", "manufacturer", "model", "object", "id", "type", "slot-id", "module-path"};
  if (!uri.starts_with(scheme)) return bad_uri("");
  uri.remove_prefix(scheme.size());
  Pkcs11Uri parts;
  while (!uri.empty()) {
    const std::size_t end = std::min(uri.find_first_of(";?&"), uri.size());
    const std::string_view part = uri.substr(0, end);
    uri.remove_prefix(std::min(end + 1, uri.size()));
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    const std::string_view name = part.substr(0, equals);
    if (name == "pin-value") {
      return make_error(Errc::bad_uri, "pin-value",
                        "write the PIN into a file that only you may read, and name it by "
                        "pin-source=FILE: other users can see what a command is started with");
    }
    if (equals == std::string_view::npos ||
        (name != "pin-source" && std::ranges::find(known, name) == known.end())) {
      return bad_uri(std::string(name));
    }
    auto value = percent_decoded(part.substr(equals + 1));
    if (!value || !parts.emplace(name, *std::move(value)).second) {
      return bad_uri(std::string(name));
    }
  }
  if (const auto type = parts.find("type"); type != parts.end() && type->second != "private") {
    return bad_uri("type=" + type->second);
  }
  return parts;
}

namespace {

/// A session on the one token that the URI means.
Result<Session> open_session(const Pkcs11Uri& parts, const std::string& pin, ck::Ulong flags) {
  const auto named = parts.find("module-path");
  const char* usual = std::getenv("PKCS11_MODULE_PATH");
  const std::string path = named != parts.end() ? named->second : usual != nullptr ? usual : "";
  const auto module = path.empty() ? Result<Module>(make_error(Errc::no_pkcs11_module))
                                   : Module::open(path, "of the token");
  if (!module) {
    return make_error(Errc::no_pkcs11_module, path,
                      "name the token's module by module-path= in the URI or in the environment "
                      "variable PKCS11_MODULE_PATH, such as /usr/lib/softhsm/libsofthsm2.so");
  }
  AIOT_TRY(const ck::Functions* functions, functions_of(*module, path));
  AIOT_TRY(const Slot slot, find_slot(*functions, parts));
  ck::Ulong handle = 0;
  AIOT_CHECK(check("C_OpenSession", functions->open_session(slot.id, ck::serial_session | flags,
                                                            nullptr, nullptr, &handle)));
  Session session(*module, functions, handle);
  if ((slot.flags & ck::login_required) != 0) {
    std::string secret = pin;
    if (const auto source = parts.find("pin-source"); secret.empty() && source != parts.end()) {
      std::string_view file = source->second;
      if (file.starts_with("file:")) file.remove_prefix(5);
      if (file.starts_with("//")) file.remove_prefix(2);
      AIOT_TRY(secret, read_secret_line(std::string(file)));
    }
    if (secret.empty()) {
      return make_error(Errc::needs_pin, "",
                        "write the PIN into a file that only you may read, and name it by "
                        "pin-source=FILE in the URI");
    }
    AIOT_CHECK(session.log_in(secret));
  }
  return session;
}

}  // namespace

Result<std::unique_ptr<Signer>> open_pkcs11(const std::string& uri, const std::string& pin) {
  AIOT_TRY(const Pkcs11Uri parts, parse_pkcs11_uri(uri));
  AIOT_TRY(Session session, open_session(parts, pin, 0));
  return find_key(std::move(session), parts);
}

Result<std::unique_ptr<Signer>> generate_pkcs11(const std::string& uri, KeyType type,
                                                const std::string& pin) {
  AIOT_TRY(Pkcs11Uri parts, parse_pkcs11_uri(uri));
  const auto label = parts.find("object");
  if (label == parts.end() || label->second.empty()) return bad_uri("object");
  AIOT_TRY(Session session, open_session(parts, pin, ck::read_write_session));
  for (const ck::Ulong kind : {ck::private_key, ck::public_key}) {
    AIOT_TRY(const std::vector<ck::Ulong> there,
             find_keys(session, kind, label->second, std::nullopt));
    if (!there.empty()) {
      return make_error(Errc::key_exists, label->second, "choose another object in the URI");
    }
  }
  if (!parts.contains("id")) parts["id"] = to_string(random_bytes(8));
  const std::string& id = parts.at("id");
  AIOT_CHECK(session.generate(type, label->second, Bytes(id.begin(), id.end())));
  return find_key(std::move(session), parts);
}

}  // namespace aiot::crypto
