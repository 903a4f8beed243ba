#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <limits>

#include "aiot/ota_image.hpp"
#include "crypto/digest.hpp"
#include "image/elf.hpp"
#include "image/files.hpp"
#include "image/intel_hex.hpp"
#include "image/mcuboot.hpp"
#include "image/mcuboot_sign.hpp"
#include "job/ota/error.hpp"
#include "job/ota/key_ring.hpp"

namespace aiot::ota {
namespace {

constexpr std::uint32_t most_align = 32;

/// "1:2.3.4+5"
Result<image::McubootDependency> parse_dependency(std::string_view text) {
  const auto colon = text.find(':');
  image::McubootDependency out;
  const std::string_view number = text.substr(0, colon);
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), out.image);
  if (colon == std::string_view::npos || error != std::errc() ||
      end != number.data() + number.size()) {
    return make_error(Errc::bad_request, fmt::format("dependency {}", text),
                      "write it as IMAGE:VERSION, such as 1:2.3.4");
  }
  AIOT_TRY(out.version, image::parse_mcuboot_version(text.substr(colon + 1)));
  return out;
}

Result<std::optional<std::uint32_t>> parse_counter(const SignRequest& request,
                                                   const image::McubootVersion& version) {
  const std::string& text = request.security_counter;
  if (text.empty()) return std::optional<std::uint32_t>();
  if (text == "auto") return std::optional(image::security_counter_of(version));
  std::uint32_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc() && end == text.data() + text.size()) return std::optional(out);
  return make_error(Errc::bad_request, "security counter " + text,
                    "write a number below 4294967296, or auto");
}

Result<image::McubootSettings> settings_of(const SignRequest& request) {
  image::McubootSettings out;
  AIOT_TRY(out.version, image::parse_mcuboot_version(request.version));
  AIOT_TRY(out.security_counter, parse_counter(request, out.version));
  for (const std::string& text : request.dependencies) {
    AIOT_TRY(const image::McubootDependency dependency, parse_dependency(text));
    out.dependencies.push_back(dependency);
  }
  if (request.header_bytes > std::numeric_limits<std::uint16_t>::max()) {
    return make_error(Errc::bad_request, fmt::format("a header of {} bytes", request.header_bytes),
                      "give at most 65535");
  }
  if (!std::has_single_bit(request.align) || request.align > most_align) {
    return make_error(Errc::bad_request, fmt::format("an alignment of {}", request.align),
                      "use 1, 2, 4, 8, 16 or 32");
  }
  out.header_bytes = static_cast<std::uint16_t>(request.header_bytes);
  out.pad_header = request.pad_header;
  out.pure = request.pure;
  const bool fills = request.pad || request.confirm;
  if (fills && request.slot_bytes == 0) {
    return make_error(Errc::bad_request, "the size of the slot", "say how large the slot is");
  }
  if (request.slot_bytes > 0) {
    out.slot.emplace();
    out.slot->bytes = request.slot_bytes;
    out.slot->align = request.align;
    out.slot->pad = fills;
    out.slot->confirm = request.confirm;
  }
  return out;
}

/// The formats that carry addresses are not what a boot loader runs.
Result<void> check_raw(ByteSpan payload, const std::string& file) {
  const char* what = image::is_elf(payload)         ? "an ELF"
                     : image::is_intel_hex(payload) ? "an Intel HEX file"
                     : image::is_mcuboot(payload)   ? "an image of MCUboot already"
                                                    : nullptr;
  if (what == nullptr) return {};
  return make_error(Errc::unknown_format, fmt::format("{}: {}", file, what),
                    "sign the raw binary that the build makes beside it");
}

}  // namespace

Result<SignResult> sign_image(const SignRequest& request) {
  AIOT_TRY(const image::McubootSettings settings, settings_of(request));
  AIOT_TRY(const Bytes payload, image::read_file(request.input));
  AIOT_CHECK(check_raw(payload, request.input));
  // A key on a token is no file, and equals none.
  for (const std::string& kept : {request.input, request.key, request.secret_file}) {
    AIOT_CHECK(image::check_output(request.output, kept));
  }
  AIOT_TRY(const std::string secret, read_secret(request.secret_file));
  AIOT_TRY(const std::unique_ptr<crypto::Signer> signer, crypto::load_signer(request.key, secret));
  AIOT_TRY(const Bytes signed_image, image::sign_mcuboot(payload, settings, *signer));
  AIOT_CHECK(image::write_file(request.output, signed_image));
  AIOT_TRY(const image::McubootImage parsed, image::parse_mcuboot(signed_image));
  SignResult out;
  out.output = request.output;
  out.version = parsed.version;
  out.algorithm = crypto::name_of(signer->public_key().type());
  out.key_hash = to_hex(crypto::sha256(signer->public_key().spki_der()));
  out.image_hash = to_hex(parsed.hash);
  out.size_bytes = signed_image.size();
  out.security_counter = parsed.security_counter;
  return out;
}

}  // namespace aiot::ota
