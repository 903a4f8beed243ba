#include "job/ota/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "aiot/ota_image.hpp"
#include "crypto/cms.hpp"
#include "crypto/digest.hpp"
#include "image/delta.hpp"
#include "image/elf.hpp"
#include "image/esp_image.hpp"
#include "image/files.hpp"
#include "image/intel_hex.hpp"
#include "image/mcuboot.hpp"
#include "image/rauc.hpp"
#include "image/secure_boot.hpp"
#include "image/swu.hpp"
#include "job/ota/error.hpp"
#include "job/ota/install/fetch.hpp"
#include "net/run_alone.hpp"
#include "protocol/tuf/metadata.hpp"

namespace aiot::ota {
namespace {

/// Of a file at a URL: beyond the largest bundle that a repository takes.
constexpr std::uint64_t most_fetched_bytes = std::uint64_t{4} << 30;
constexpr std::uint64_t most_pem_bytes = std::uint64_t{1} << 20;

void add_check(VerifyResult& out, std::string name, bool ok, std::string detail = {}) {
  out.checks.push_back({std::move(name), ok, std::move(detail)});
  out.whole = out.whole && ok;
}

void add_problems(VerifyResult& out, std::string_view name,
                  const std::vector<image::Problem>& problems) {
  if (problems.empty()) add_check(out, std::string(name), true);
  for (const image::Problem& problem : problems) {
    add_check(out, std::string(name), false, problem.text);
  }
}

void verify_esp(VerifyResult& out, ByteSpan file, const image::EspImageInfo& image) {
  out.kind = FileKind::esp_image;
  out.chip = image.chip != nullptr ? std::string(image.chip->name) : std::string();
  if (image.app) {
    out.version = image.app->version;
    out.name = image.app->project;
  }
  add_check(out, "checksum", image.checksum_valid());
  if (image.hash_appended) add_check(out, "SHA-256", image.hash_valid());
  for (const image::Problem& problem : image.problems) {
    const bool reported =
        problem.code == image::Errc::bad_checksum || problem.code == image::Errc::bad_hash;
    if (!reported) add_check(out, "image", false, problem.text);
  }
  for (const auto& block : image::secure_boot_blocks(file, image.length_bytes)) {
    add_check(out, "secure boot digest", block.digest_valid);
    out.signatures.push_back({"secure-boot-v2", to_hex(block.key_digest), ""});
  }
}

void verify_mcuboot(VerifyResult& out, ByteSpan file, const Trust& trust) {
  out.kind = FileKind::mcuboot;
  const auto image = image::parse_mcuboot(file);
  if (!image) return add_check(out, "image", false, image.error().message());
  out.version = image->version;
  add_check(out, "hash", image->hash_valid, image->hash.empty() ? "there is none" : "");
  FileSignature signature;
  if (image->find(image::McubootTlvType::ed25519) != nullptr) signature.algorithm = "ed25519";
  if (image->find(image::McubootTlvType::ecdsa) != nullptr) signature.algorithm = "ecdsa-p256";
  if (image->find(image::McubootTlvType::rsa2048) != nullptr ||
      image->find(image::McubootTlvType::rsa3072) != nullptr) {
    signature.algorithm = "rsa";
  }
  if (signature.algorithm.empty()) return;
  if (const image::McubootTlv* hash = image->find(image::McubootTlvType::key_hash)) {
    signature.signer = to_hex(hash->value);
  }
  for (const TrustedKey& key : trust.keys) {
    if (image::is_signed_by(file, *image, key.key)) signature.trusted_by = key.file;
  }
  out.signatures.push_back(std::move(signature));
}

/// The signers of a CMS message, and which of the given certificates vouch for them.
void verify_message(VerifyResult& out, ByteSpan message, std::optional<ByteSpan> content,
                    const Trust& trust) {
  const auto read = crypto::read_cms(message);
  if (!read) return add_check(out, "signature", false, read.error().message());
  FileSignature signature{"cms", "", ""};
  for (const crypto::CmsSigner& signer : read->signers) {
    signature.signer += (signature.signer.empty() ? "" : "; ") + signer.subject;
  }
  for (const TrustedCertificate& certificate : trust.certificates) {
    const auto verified = crypto::verify_cms(message, content, certificate.pem, trust.now);
    if (verified) signature.trusted_by = certificate.file;
    if (!verified && verified.error().code == crypto::Errc::bad_cms_signature) {
      add_check(out, "signature", false, verified.error().message());
      break;
    }
  }
  out.signatures.push_back(std::move(signature));
}

void verify_swu(VerifyResult& out, ByteSpan file, const Trust& trust) {
  out.kind = FileKind::swu;
  const auto archive = image::parse_swu(file);
  if (!archive) return add_check(out, "archive", false, archive.error().message());
  out.version = archive->version;
  out.name = archive->name;
  out.hardware = archive->hardware;
  add_problems(out, "files", archive->problems);
  for (const image::SwuArtifact& artifact : archive->artifacts) {
    if (artifact.sha256.empty()) {
      add_check(out, "SHA-256", false, artifact.file + " has none in sw-description");
    }
  }
  const image::SwuFile* signature = archive->find(image::swu_signature);
  if (signature == nullptr) return;
  verify_message(out, contents(file, *signature), contents(file, archive->files.front()), trust);
}

void verify_rauc(VerifyResult& out, ByteSpan file, const Trust& trust) {
  out.kind = FileKind::rauc;
  const auto bundle = image::parse_rauc(file);
  if (!bundle) return add_check(out, "bundle", false, bundle.error().message());
  out.version = bundle->version;
  if (!bundle->compatible.empty()) out.hardware = {bundle->compatible};
  const bool is_plain = bundle->format == image::RaucFormat::plain;
  if (!is_plain) add_check(out, "hash tree", image::is_tree_valid(file, *bundle));
  verify_message(out, bundle->signature(file),
                 is_plain ? std::optional(bundle->payload(file)) : std::nullopt, trust);
}

/// True when `file` is metadata of TUF.
bool verify_metadata(VerifyResult& out, ByteSpan file, const Trust& trust) {
  if (file.size() > tuf::limit_bytes(tuf::Role::targets)) return false;
  const auto document = tuf::parse_document(file);
  if (!document) return false;
  out.kind = FileKind::metadata;
  const auto text = [&](const char* name) {
    const auto* value = document->signed_part.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
  };
  out.name = text("_type");
  out.expires = text("expires");
  if (const auto* version = document->signed_part.if_contains("version")) {
    if (version->is_int64()) out.version = std::to_string(version->get_int64());
  }
  if (const auto root = tuf::parse_root(*document)) {
    add_check(
        out, "signatures of its own keys",
        tuf::verify_signatures(*document, root->keys, root->role(tuf::Role::root)).has_value());
  }
  for (const tuf::Signature& one : document->signatures) {
    FileSignature signature{"", one.keyid, ""};
    for (const TrustedKey& key : trust.keys) {
      if (tuf::Key::of(key.key).id() != one.keyid) continue;
      signature.algorithm = crypto::name_of(key.key.type());
      if (key.key.verify(document->signed_bytes, one.bytes)) signature.trusted_by = key.file;
    }
    out.signatures.push_back(std::move(signature));
  }
  return true;
}

void verify_kind(VerifyResult& out, ByteSpan file, const Trust& trust) {
  if (file.empty()) return add_check(out, "size", false, "the file is empty");
  if (image::is_mcuboot(file)) return verify_mcuboot(out, file, trust);
  if (image::is_swu(file)) return verify_swu(out, file, trust);
  if (image::is_rauc(file)) return verify_rauc(out, file, trust);
  if (image::is_cpio(file)) {
    out.kind = FileKind::swu;
    return add_check(out, "archive", false,
                     "it is cut off, or sw-description is not its first file");
  }
  if (image::is_delta(file)) {
    out.kind = FileKind::delta;
    const auto info = image::read_delta_info(file);
    return add_check(out, "header", info.has_value(), info ? "" : info.error().message());
  }
  if (image::is_elf(file)) {
    out.kind = FileKind::elf;
    const auto elf = image::check_elf(file);
    return add_check(out, "headers", elf.has_value(), elf ? "" : elf.error().message());
  }
  if (image::is_intel_hex(file)) {
    out.kind = FileKind::intel_hex;
    const auto hex = file.size() > image::limits::file_bytes
                         ? Result<image::HexFile>(make_error(image::Errc::too_large))
                         : image::parse_intel_hex(to_string(file));
    if (hex && hex->ranges.empty()) return add_check(out, "data", false, "there is none");
    return add_check(out, "checksums", hex.has_value(), hex ? "" : hex.error().message());
  }
  const auto image = image::parse_esp_image(file);
  // One byte of magic: another file may begin with it.
  if (image && image->chip != nullptr) return verify_esp(out, file, *image);
  if (!file.empty() && file.front() == '{') verify_metadata(out, file, trust);
}

Error too_long(const std::string& url) {
  return make_error(Errc::too_large,
                    fmt::format("{}: more than {} GiB", url, most_fetched_bytes >> 30),
                    "check the URL: no firmware is as large");
}

/// The file at a URL, in one that has no name.
Result<image::MappedFile> fetch_mapped(const VerifyRequest& request, std::stop_token stop) {
  const auto slash = request.source.rfind('/');
  const std::string folder = request.source.substr(0, slash + 1);
  if (folder.size() <= std::string_view("https://").size()) return bad_https_url(request.source);
  AIOT_TRY(const std::unique_ptr<Fetch> fetch,
           fetch_https(folder, {request.ca_file, request.fingerprint}, net::steady_clock(),
                       request.timeout));
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), std::fclose);
  if (!file) return make_error(Errc::disk, "temporary file", "free some space");
  std::uint64_t size = 0;
  const std::string name = request.source.substr(slash + 1);
  const std::function<net::Task<bool>()> work = [&]() -> net::Task<bool> {
    OnBytes take = [&](ByteSpan piece) -> Result<void> {
      size += piece.size();
      if (size > most_fetched_bytes) return too_long(request.source);
      if (std::fwrite(piece.data(), 1, piece.size(), file.get()) != piece.size()) {
        return make_error(Errc::disk, "temporary file", "free some space");
      }
      return {};
    };
    Result<bool> got = co_await fetch->get(name, 0, take);
    fetch->close();
    co_return got;
  };
  AIOT_TRY(const bool is_there, net::run_alone<bool>(work, std::move(stop)));
  if (!is_there) return make_error(Errc::http_status, request.source, "check the URL");
  if (std::fflush(file.get()) != 0) {
    return make_error(Errc::disk, "temporary file", "free some space");
  }
  return image::MappedFile::of(::fileno(file.get()), request.source);
}

}  // namespace

Result<Trust> load_trust(const VerifyRequest& request, std::chrono::sys_seconds now) {
  Trust out;
  out.now = now;
  for (const std::string& path : request.keys) {
    AIOT_TRY(const Bytes pem, image::read_file(path, most_pem_bytes));
    Result<crypto::PublicKey> key = crypto::PublicKey::from_pem(to_string(pem)).with(path);
    if (!key) return std::move(key).error();
    out.keys.push_back({path, *std::move(key)});
  }
  for (const std::string& path : request.certificates) {
    AIOT_TRY(const Bytes pem, image::read_file(path, most_pem_bytes));
    out.certificates.push_back({path, to_string(pem)});
  }
  return out;
}

VerifyResult verify_bytes(ByteSpan file, const Trust& trust) {
  VerifyResult out;
  out.size_bytes = file.size();
  out.sha256 = to_hex(crypto::sha256(file));
  verify_kind(out, file, trust);
  if (!trust.keys.empty() || !trust.certificates.empty()) {
    out.trusted = std::ranges::any_of(
        out.signatures, [](const FileSignature& one) { return !one.trusted_by.empty(); });
  }
  return out;
}

Result<VerifyResult> verify_file(const VerifyRequest& request, std::stop_token stop) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  AIOT_TRY(const Trust trust, load_trust(request, now));
  const bool is_url = request.source.starts_with("https://");
  if (!is_url && request.source.find("://") != std::string::npos) {
    return bad_https_url(request.source);
  }
  AIOT_TRY(const image::MappedFile file, is_url ? fetch_mapped(request, std::move(stop))
                                                : image::MappedFile::open(request.source));
  VerifyResult out = verify_bytes(file.bytes(), trust);
  out.source = request.source;
  return out;
}

Result<void> acceptable(const VerifyResult& result) {
  const auto failed = std::ranges::find(result.checks, false, &FileCheck::ok);
  if (failed != result.checks.end()) {
    return make_error(Errc::not_whole,
                      fmt::format("{}: {}{}{}", result.source, failed->name,
                                  failed->detail.empty() ? "" : ": ", failed->detail),
                      "get the file again from its maker");
  }
  if (result.trusted == false) {
    return make_error(Errc::not_signed, result.source,
                      result.signatures.empty() ? "it has no signature: sign it first"
                                                : "check which key its maker signs with");
  }
  return {};
}

}  // namespace aiot::ota
