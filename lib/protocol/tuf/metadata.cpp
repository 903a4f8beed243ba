#include "protocol/tuf/metadata.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "protocol/tuf/canonical.hpp"

namespace aiot::tuf {
namespace json = boost::json;
namespace {

constexpr std::string_view lifetime_field = "x-aiot-lifetime-seconds";
constexpr std::string_view ecdsa_scheme = "ecdsa-sha2-nistp256";

/// A version that JSON numbers of any reader hold exactly, and that can still rise.
constexpr std::uint64_t most_version = (1ULL << 53) - 1;

Error bad(std::string what) {
  return make_error(Errc::bad_metadata, std::move(what),
                    "check that the URL is that of a TUF repository");
}

/// Lower case, so that a file says a thing in one way.
std::optional<Bytes> strict_hex(std::string_view text) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (!std::ranges::all_of(text, is_digit)) return std::nullopt;
  return from_hex(text);
}

std::optional<crypto::Sha256> sha256_of(std::string_view text) {
  const auto bytes = strict_hex(text);
  crypto::Sha256 hash{};
  if (!bytes || bytes->size() != hash.size()) return std::nullopt;
  std::ranges::copy(*bytes, hash.begin());
  return hash;
}

/// Reads the fields of one object; what is missing or of another kind is remembered.
class Fields {
 public:
  Fields(const json::object& object, std::string name) : object_(&object), name_(std::move(name)) {}

  std::string text(std::string_view field) {
    const json::value* found = object_->if_contains(field);
    const json::string* text = found != nullptr ? found->if_string() : nullptr;
    if (text == nullptr) return miss(field), std::string();
    return std::string(*text);
  }
  std::uint64_t number(std::string_view field, std::uint64_t least, std::uint64_t most) {
    const auto found = optional_number(field, least, most);
    if (!found) miss(field);
    return found.value_or(least);
  }
  std::optional<std::uint64_t> optional_number(std::string_view field, std::uint64_t least,
                                               std::uint64_t most) {
    const json::value* found = object_->if_contains(field);
    if (found == nullptr) return std::nullopt;
    boost::system::error_code error;
    const auto number = found->to_number<std::uint64_t>(error);
    if (found->is_double() || error || number < least || number > most) {
      miss(field);
      return least;
    }
    return number;
  }
  bool boolean(std::string_view field) {
    const json::value* found = object_->if_contains(field);
    if (found == nullptr || !found->is_bool()) return miss(field), false;
    return found->get_bool();
  }
  const json::object& object(std::string_view field) {
    static const json::object none;
    const json::value* found = object_->if_contains(field);
    if (found == nullptr || !found->is_object()) return miss(field), none;
    return found->get_object();
  }
  const json::array& array(std::string_view field) {
    static const json::array none;
    const json::value* found = object_->if_contains(field);
    if (found == nullptr || !found->is_array()) return miss(field), none;
    return found->get_array();
  }
  bool has(std::string_view field) const { return object_->if_contains(field) != nullptr; }
  void miss(std::string_view field) {
    if (wrong_.empty()) wrong_ = fmt::format("{}{}", name_, field);
  }
  Result<void> done() const {
    if (wrong_.empty()) return {};
    return bad(wrong_ + " is missing or of a wrong form");
  }

 private:
  const json::object* object_;
  std::string name_;
  std::string wrong_;
};

/// The fields of all roles.
Result<void> read_common(const Document& document, Role role, Common& common) {
  Fields fields(document.signed_part, "");
  const std::string type = fields.text("_type");
  AIOT_CHECK(fields.done());
  if (type != name_of(role)) {
    return make_error(Errc::wrong_type, fmt::format("{} in place of {}", type, name_of(role)),
                      "do not use this repository until its owner has repaired it");
  }
  const std::string specification = fields.text("spec_version");
  if (!specification.starts_with("1.")) fields.miss("spec_version");
  common.version = fields.number("version", 1, most_version);
  const auto expires = parse_time(fields.text("expires"));
  if (!expires) fields.miss("expires");
  common.expires = expires.value_or(Time());
  constexpr std::uint64_t most_lifetime_s = 100ULL * 366 * 86400;
  if (const auto lifetime = fields.optional_number(lifetime_field, 1, most_lifetime_s)) {
    common.lifetime = std::chrono::seconds(*lifetime);
  }
  return fields.done();
}

json::object common_json(Role role, const Common& common) {
  json::object out{{"_type", name_of(role)},
                   {"expires", to_text(common.expires)},
                   {"spec_version", "1.0.31"},
                   {"version", common.version}};
  if (common.lifetime) out[lifetime_field] = common.lifetime->count();
  return out;
}

/// `hashes` of SHA-256 alone, or of SHA-256 among others.
std::optional<crypto::Sha256> read_hashes(Fields& fields) {
  if (!fields.has("hashes")) return std::nullopt;
  const json::value* text = fields.object("hashes").if_contains("sha256");
  const auto hash = text != nullptr && text->is_string()
                        ? sha256_of(std::string_view(text->get_string()))
                        : std::nullopt;
  if (!hash) fields.miss("hashes");
  return hash;
}

Result<FileInfo> read_file_info(const json::value& value, const std::string& name) {
  if (!value.is_object()) return bad(name);
  Fields fields(value.get_object(), name + ": ");
  FileInfo info;
  info.version = fields.number("version", 1, most_version);
  info.length_bytes = fields.optional_number("length", 1, most_version);
  info.sha256 = read_hashes(fields);
  AIOT_CHECK(fields.done());
  return info;
}

json::object to_json(const FileInfo& info) {
  json::object out{{"version", info.version}};
  if (info.length_bytes) out["length"] = *info.length_bytes;
  if (info.sha256) out["hashes"] = json::object{{"sha256", to_hex(*info.sha256)}};
  return out;
}

Result<RoleKeys> read_role_keys(const json::object& object, const std::string& name) {
  constexpr std::uint64_t most_threshold = 1024;
  Fields fields(object, name + ": ");
  RoleKeys role;
  role.threshold = fields.number("threshold", 1, most_threshold);
  for (const json::value& keyid : fields.array("keyids")) {
    if (!keyid.is_string()) return bad(name + ": a keyid");
    role.keyids.emplace_back(keyid.get_string());
  }
  AIOT_CHECK(fields.done());
  std::set<std::string_view> different(role.keyids.begin(), role.keyids.end());
  if (different.size() != role.keyids.size()) return bad(name + ": a keyid stands twice");
  return role;
}

bool is_safe_path(std::string_view path) {
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '\\'; };
  if (path.empty() || std::ranges::any_of(path, is_control)) return false;
  while (true) {
    const std::size_t end = path.find('/');
    const std::string_view part = path.substr(0, end);
    if (part.empty() || part == "." || part == "..") return false;
    if (end == std::string_view::npos) return true;
    path.remove_prefix(end + 1);
  }
}

}  // namespace

std::string_view name_of(Role role) {
  constexpr std::string_view names[] = {"root", "targets", "snapshot", "timestamp"};
  return names[static_cast<std::size_t>(role)];
}

std::uint64_t limit_bytes(Role role) {
  constexpr std::uint64_t limits[] = {512'000, 5'000'000, 2'000'000, 16'384};
  return limits[static_cast<std::size_t>(role)];
}

std::optional<Time> parse_time(std::string_view text) {
  constexpr std::string_view form = "0000-00-00T00:00:00Z";
  if (text.size() != form.size()) return std::nullopt;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (form[i] == '0' ? !digit : text[i] != form[i]) return std::nullopt;
  }
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = 0;
    for (const char c : text.substr(at, digits)) value = value * 10 + (c - '0');
    return value;
  };
  const std::chrono::year_month_day day{std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  const int hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  if (!day.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return std::chrono::sys_days(day) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

std::string to_text(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

Key Key::of(const crypto::PublicKey& key) {
  if (key.type() == crypto::KeyType::ed25519) return {"ed25519", "ed25519", to_hex(key.raw())};
  return {"ecdsa", std::string(ecdsa_scheme), key.pem()};
}

std::string Key::id() const {
  const auto bytes = canonical(json::object{
      {"keytype", keytype}, {"keyval", json::object{{"public", public_text}}}, {"scheme", scheme}});
  return to_hex(crypto::sha256(*bytes));
}

std::optional<crypto::PublicKey> Key::public_key() const {
  Result<crypto::PublicKey> key = bad("key");
  if (keytype == "ed25519" && scheme == "ed25519") {
    const auto raw = strict_hex(public_text);
    if (raw) key = crypto::PublicKey::from_raw(crypto::KeyType::ed25519, *raw);
  } else if ((keytype == "ecdsa" || keytype == ecdsa_scheme) && scheme == ecdsa_scheme) {
    key = crypto::PublicKey::from_pem(public_text);
    if (key && key->type() != crypto::KeyType::ecdsa_p256) return std::nullopt;
  }
  if (!key) return std::nullopt;
  return *std::move(key);
}

Result<Document> parse_document(ByteSpan file) {
  constexpr std::size_t most_signatures = 1024;
  AIOT_TRY(json::value value, parse_json(file));
  if (!value.is_object()) return bad("the file is no object");
  Document document;
  Fields fields(value.get_object(), "");
  std::set<std::string> keyids;
  const json::array& signatures = fields.array("signatures");
  if (signatures.size() > most_signatures) return bad("too many signatures");
  for (const json::value& each : signatures) {
    if (!each.is_object()) return bad("a signature is no object");
    Fields signature(each.get_object(), "signatures: ");
    std::string keyid = signature.text("keyid");
    const auto bytes = strict_hex(signature.text("sig"));
    if (!bytes) signature.miss("sig");
    AIOT_CHECK(signature.done());
    if (!keyids.insert(keyid).second) return bad("a key signed twice");
    document.signatures.push_back({std::move(keyid), *bytes});
  }
  document.signed_part = fields.object("signed");
  AIOT_CHECK(fields.done());
  AIOT_TRY(document.signed_bytes, canonical(document.signed_part));
  return document;
}

Result<Root> parse_root(const Document& document) {
  Root root;
  AIOT_CHECK(read_common(document, Role::root, root));
  Fields fields(document.signed_part, "");
  root.consistent_snapshot = fields.boolean("consistent_snapshot");
  const json::object& keys = fields.object("keys");
  const json::object& roles = fields.object("roles");
  AIOT_CHECK(fields.done());
  for (const auto& [keyid, value] : keys) {
    if (!value.is_object()) return bad("keys");
    Fields key(value.get_object(), "keys: ");
    Fields content(key.object("keyval"), "keyval: ");
    Key made{key.text("keytype"), key.text("scheme"), content.text("public")};
    AIOT_CHECK(key.done());
    AIOT_CHECK(content.done());
    root.keys.emplace(keyid, std::move(made));
  }
  Fields by_role(roles, "roles: ");
  for (const Role role : all_roles) {
    const json::object& its = by_role.object(name_of(role));
    AIOT_CHECK(by_role.done());
    AIOT_TRY(root.roles[role], read_role_keys(its, std::string(name_of(role))));
  }
  return root;
}

Result<Timestamp> parse_timestamp(const Document& document) {
  Timestamp timestamp;
  AIOT_CHECK(read_common(document, Role::timestamp, timestamp));
  Fields fields(document.signed_part, "");
  const json::value* snapshot = fields.object("meta").if_contains("snapshot.json");
  if (snapshot == nullptr) fields.miss("meta: snapshot.json");
  AIOT_CHECK(fields.done());
  AIOT_TRY(timestamp.snapshot, read_file_info(*snapshot, "snapshot.json"));
  return timestamp;
}

Result<Snapshot> parse_snapshot(const Document& document) {
  Snapshot snapshot;
  AIOT_CHECK(read_common(document, Role::snapshot, snapshot));
  Fields fields(document.signed_part, "");
  for (const auto& [name, value] : fields.object("meta")) {
    AIOT_TRY(FileInfo info, read_file_info(value, name));
    snapshot.meta.emplace(name, info);
  }
  if (!snapshot.meta.contains("targets.json")) fields.miss("meta: targets.json");
  AIOT_CHECK(fields.done());
  return snapshot;
}

Result<Targets> parse_targets(const Document& document) {
  Targets targets;
  AIOT_CHECK(read_common(document, Role::targets, targets));
  Fields fields(document.signed_part, "");
  for (const auto& [path, value] : fields.object("targets")) {
    if (!value.is_object() || !is_safe_path(path)) return bad("the target " + std::string(path));
    Fields its(value.get_object(), "target: ");
    Target target;
    target.length_bytes = its.number("length", 0, most_version);
    const auto hash = read_hashes(its);
    if (!hash) its.miss("hashes");
    target.sha256 = hash.value_or(crypto::Sha256{});
    if (its.has("custom")) target.custom = its.object("custom");
    AIOT_CHECK(its.done());
    targets.targets.emplace(path, std::move(target));
  }
  if (fields.has("delegations")) {
    const json::value* roles = fields.object("delegations").if_contains("roles");
    targets.has_delegations =
        roles != nullptr && !(roles->is_array() && roles->get_array().empty());
  }
  AIOT_CHECK(fields.done());
  return targets;
}

Result<void> verify_signatures(const Document& document,
                               const std::map<std::string, Key, std::less<>>& keys,
                               const RoleKeys& role) {
  constexpr std::string_view hint =
      "do not use this repository until its owner has repaired it; someone may have changed it on "
      "the way";
  std::set<Bytes> right;  // by the key: one that stands under two ids counts once
  bool wrong = false;
  for (const Signature& signature : document.signatures) {
    if (std::ranges::find(role.keyids, signature.keyid) == role.keyids.end()) continue;
    const auto key = keys.find(signature.keyid);
    const auto public_key = key != keys.end() ? key->second.public_key() : std::nullopt;
    if (!public_key) continue;
    if (public_key->verify(document.signed_bytes, signature.bytes)) {
      right.insert(public_key->raw());
    } else {
      wrong = true;
    }
  }
  if (right.size() >= role.threshold) return {};
  const std::string count = fmt::format("{} of {} signatures", right.size(), role.threshold);
  if (wrong) return make_error(Errc::bad_signature, count, std::string(hint));
  if (right.empty()) return make_error(Errc::wrong_key, count, std::string(hint));
  return make_error(Errc::below_threshold, count, std::string(hint));
}

json::object to_json(const Root& root) {
  json::object out = common_json(Role::root, root);
  out["consistent_snapshot"] = root.consistent_snapshot;
  json::object keys;
  for (const auto& [id, key] : root.keys) {
    keys[id] = {{"keytype", key.keytype},
                {"keyval", json::object{{"public", key.public_text}}},
                {"scheme", key.scheme}};
  }
  json::object roles;
  for (const auto& [role, its] : root.roles) {
    json::array keyids(its.keyids.begin(), its.keyids.end());
    roles[name_of(role)] =
        json::object{{"keyids", std::move(keyids)}, {"threshold", its.threshold}};
  }
  out["keys"] = std::move(keys);
  out["roles"] = std::move(roles);
  return out;
}

json::object to_json(const Timestamp& timestamp) {
  json::object out = common_json(Role::timestamp, timestamp);
  out["meta"] = json::object{{"snapshot.json", to_json(timestamp.snapshot)}};
  return out;
}

json::object to_json(const Snapshot& snapshot) {
  json::object out = common_json(Role::snapshot, snapshot);
  json::object meta;
  for (const auto& [name, info] : snapshot.meta) meta[name] = to_json(info);
  out["meta"] = std::move(meta);
  return out;
}

json::object to_json(const Targets& targets) {
  json::object out = common_json(Role::targets, targets);
  json::object list;
  for (const auto& [path, target] : targets.targets) {
    json::object its{{"hashes", json::object{{"sha256", to_hex(target.sha256)}}},
                     {"length", target.length_bytes}};
    if (!target.custom.empty()) its["custom"] = target.custom;
    list[path] = std::move(its);
  }
  out["targets"] = std::move(list);
  return out;
}

Result<Bytes> sign_document(const json::object& signed_part,
                            std::span<const crypto::Signer* const> signers) {
  AIOT_TRY(const Bytes signed_bytes, canonical(signed_part));
  json::array signatures;
  for (const crypto::Signer* signer : signers) {
    AIOT_TRY(const Bytes signature, signer->sign(signed_bytes));
    signatures.push_back(
        json::object{{"keyid", Key::of(signer->public_key()).id()}, {"sig", to_hex(signature)}});
  }
  const std::string text =
      compact(json::object{{"signatures", std::move(signatures)}, {"signed", signed_part}});
  return Bytes(text.begin(), text.end());
}

std::string file_name(Role role, std::uint64_t version) {
  if (role == Role::timestamp) return "timestamp.json";
  return fmt::format("{}.{}.json", version, name_of(role));
}

std::string target_file_name(std::string_view path, const Target& target,
                             bool consistent_snapshot) {
  if (!consistent_snapshot) return std::string(path);
  const std::size_t name = path.rfind('/') + 1;  // 0 when there is none
  return fmt::format("{}{}.{}", path.substr(0, name), to_hex(target.sha256), path.substr(name));
}

}  // namespace aiot::tuf
