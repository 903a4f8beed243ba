#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "crypto/digest.hpp"
#include "crypto/error.hpp"

/// Signed messages of CMS (RFC 5652) in DER, as SWUpdate and RAUC sign bundles.
namespace aiot::crypto {

struct CmsSigner {
  std::string subject;          ///< of its certificate, RFC 2253; "" when the message lacks that
  Sha256 certificate_sha256{};  ///< of the DER; zeros likewise
};

struct CmsMessage {
  std::vector<CmsSigner> signers;
  std::optional<Bytes> content;  ///< nullopt: the signature is detached
};

/// A signed message of at most 1 MiB. What it says is not verified. Errc::bad_cms.
Result<CmsMessage> read_cms(ByteSpan der);

/// Whether `der` is signed, at least once and each time rightly, by certificates that lead to one
/// of `trusted_pem` (authorities, or the certificates themselves) and are valid at `now`.
/// `detached` is the content of a detached signature, at most 2 GiB. Errc::bad_cms,
/// bad_cms_signature, untrusted_signer, bad_certificate.
Result<void> verify_cms(ByteSpan der, std::optional<ByteSpan> detached,
                        std::string_view trusted_pem, std::chrono::sys_seconds now);

}  // namespace aiot::crypto
