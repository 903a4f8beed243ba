#include "aiot/ota_image.hpp"
#include "command/ota.hpp"
#include "command/ota_repository.hpp"
#include "command/targets.hpp"
#include "render/envelope.hpp"

namespace aiot::cli::command {
namespace {

int run_verify(Context& context) {
  const Arguments& args = context.args;
  ota::VerifyRequest request;
  request.source = args.items.front();
  request.keys = args.all("--key");
  request.certificates = args.all("--certificate");
  request.ca_file = args.get("--ca").value_or("");
  request.fingerprint = args.get("--fingerprint").value_or("");
  request.timeout = context.settings.timeout;
  const auto result = ota::verify_file(request, context.stop());
  if (!result) return context.fail(result.error());
  render::Outcome outcome;
  outcome.record = *result;
  outcome.devices = 1;
  outcome.noun = "file";
  if (const auto accepted = ota::acceptable(*result); !accepted) {
    outcome.failures.push_back({"", "verify", accepted.error()});
  }
  return context.ui.finish(outcome);
}

}  // namespace

std::vector<Option> server_options() {
  return {{.names = "--ca",
           .value = "FILE",
           .help = "Authorities that vouch for the server, in PEM [this machine's]",
           .complete = Complete::file},
          {.names = "--fingerprint",
           .value = "SHA256",
           .help = "Trust the server that has the certificate with this SHA-256, and no other"}};
}

Command ota_verify() {
  return {
      .name = "verify",
      .summary = "show what a firmware file is, who signed it, and whether it is whole",
      .description =
          "Takes ESP images (with the blocks of Secure Boot v2), MCUboot images, ELF, Intel HEX, "
          "SWUpdate archives, RAUC bundles, deltas, and metadata of a TUF repository. Without a "
          "key, it reports who signed; with one, the file must be signed by it.",
      .positionals = {{.name = "FILE",
                       .help = "a file, or an https:// URL",
                       .complete = Complete::file}},
      .options = together({{{.names = "-k,--key",
                             .value = "FILE",
                             .help = "A public key in PEM that must have signed; of several, one",
                             .complete = Complete::file,
                             .repeatable = true},
                            {.names = "--certificate",
                             .value = "FILE",
                             .help = "Certificates in PEM that vouch for the signer of an update "
                                     "bundle; of several, one",
                             .complete = Complete::file,
                             .repeatable = true}},
                           server_options()}),
      .examples = {{"ota verify zephyr.signed.bin --key signing.pub.pem",
                    "An image, and the key that it must be signed with"},
                   {"ota verify update.swu --certificate sw.pem --json",
                    "An archive of SWUpdate, with JSON results"}},
      .handler = run_verify,
      .lists = render::lists_of<ota::VerifyResult>,
  };
}

}  // namespace aiot::cli::command
