#include "aiot/ota_image.hpp"
#include "aiot/units.hpp"
#include "command/numbers.hpp"
#include "command/ota.hpp"
#include "command/ota_repository.hpp"
#include "errors.hpp"
#include "render/envelope.hpp"

namespace aiot::cli::command {
namespace {

Result<ota::SignRequest> sign_request(const Context& context) {
  const Arguments& args = context.args;
  ota::SignRequest request;
  request.input = args.items.front();
  request.output = args.get("--output").value_or("");
  request.key = args.get("--key").value_or("");
  request.secret_file = args.get("--secret-file").value_or("");
  request.version = args.get("--version").value_or("");
  for (const char* needed : {"--output", "--key", "--version"}) {
    if (!args.has(needed)) {
      return make_error(Errc::missing_argument, std::string("ota sign: ") + needed,
                        "give an output file, a key and a version");
    }
  }
  if (const auto text = args.get("--header-size")) {
    AIOT_TRY(const std::uint64_t bytes, parse_size(*text).with("--header-size"));
    request.header_bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, 1U << 20));
  }
  if (const auto text = args.get("--slot-size")) {
    AIOT_TRY(request.slot_bytes, parse_size(*text).with("--slot-size"));
  }
  AIOT_TRY(request.align, number_option<std::uint32_t>(args, "--align", request.align));
  request.pad_header = args.has("--pad-header");
  request.security_counter = args.get("--security-counter").value_or("");
  request.dependencies = args.all("--dependency");
  request.pure = args.has("--pure");
  request.pad = args.has("--pad");
  request.confirm = args.has("--confirm");
  return request;
}

int run_sign(Context& context) {
  const auto request = sign_request(context);
  if (!request) return context.fail(request.error());
  const auto made = ota::sign_image(*request);
  if (!made) return context.fail(made.error());
  render::Outcome outcome;
  outcome.record = *made;
  return context.ui.finish(outcome);
}

}  // namespace

Command ota_sign() {
  return {
      .name = "sign",
      .summary = "make a signed image for a boot loader",
      .description =
          "Makes the image that MCUboot boots, byte for byte as imgtool does: a header in front of "
          "the firmware, and behind it its hash and a signature with Ed25519 or ECDSA P-256.\n\n"
          "Options mean what they mean to imgtool.",
      .positionals = {{.name = "FIRMWARE",
                       .help = "the raw binary that the build makes",
                       .complete = Complete::file}},
      .options = {{.names = "--format",
                   .value = "FORMAT",
                   .help = "The boot loader [mcuboot]",
                   .choices = {{"mcuboot", "MCUboot", {}}}},
                  {.names = "-o,--output",
                   .value = "FILE",
                   .help = "Write the image to FILE",
                   .complete = Complete::file},
                  {.names = "-k,--key",
                   .value = "KEY",
                   .help = "Sign with this private key: a PEM file, or a PKCS#11 URI",
                   .complete = Complete::file},
                  secret_option(),
                  {.names = "--version",
                   .value = "VERSION",
                   .help = "Version of the image, such as 1.2.3+4"},
                  {.names = "--security-counter",
                   .value = "N",
                   .help = "Against rollback: a number, or auto to take it from the version"},
                  {.names = "--dependency",
                   .value = "IMAGE:VERSION",
                   .help = "Another image that must have at least this version; repeatable",
                   .repeatable = true},
                  {.names = "--header-size", .value = "SIZE", .help = "Size of the header [32]"},
                  {.names = "--pad-header",
                   .help = "Put the header in front of the firmware; otherwise the firmware begins "
                           "with zeros that the header takes"},
                  {.names = "--pure",
                   .help = "Sign the image itself in place of its hash (Ed25519 alone)"},
                  {.names = "--slot-size",
                   .value = "SIZE",
                   .help = "Check that image and trailer fit into a slot of SIZE"},
                  {.names = "--align",
                   .value = "N",
                   .help = "Alignment of writes to the flash of the slot, 1 to 32 [8]"},
                  {.names = "--pad", .help = "Fill the slot, and mark the image to be booted"},
                  {.names = "--confirm", .help = "Fill the slot, and mark the image as confirmed"}},
      .common = "--key --version --output --format --secret-file",
      .examples = {{"ota sign zephyr.bin --pad-header -o zephyr.signed.bin --key signing.pem "
                    "--version 1.2.3 --security-counter auto",
                    "An image to push, or to add to a repository"}},
      .handler = run_sign,
      .no_dry_run = true,
      .lists = render::lists_of<ota::SignResult>,
  };
}

}  // namespace aiot::cli::command
