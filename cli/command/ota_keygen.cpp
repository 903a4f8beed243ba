#include <ostream>

#include "command/ota.hpp"
#include "command/ota_repository.hpp"
#include "render/envelope.hpp"

namespace aiot::cli::command {
namespace {

int run_keygen(Context& context) {
  ota::KeygenRequest request;
  request.file = context.args.items.front();
  if (context.args.get("--type").value_or("ed25519") == "ecdsa-p256") {
    request.kind = ota::KeyKind::ecdsa_p256;
  }
  request.secret_file = context.args.get("--secret-file").value_or("");
  const auto made = ota::generate_key(request);
  if (!made) return context.fail(made.error());
  render::Outcome outcome;
  outcome.record = *made;
  outcome.text = [made = *made](std::ostream& out) {
    out << "id " << made.id << '\n' << made.public_key;
  };
  return context.ui.finish(outcome);
}

}  // namespace

Command ota_keygen() {
  return {
      .name = "keygen",
      .summary = "make a key that signs",
      .description =
          "Writes a new private key to a file of mode 0600 (PKCS#8 in PEM), or makes it on a "
          "PKCS#11 token, which it never leaves. Prints its id and the public key. No key is "
          "overwritten.",
      .positionals = {{.name = "KEY",
                       .help = "a new file, or a PKCS#11 URI such as pkcs11:token=T;object=root",
                       .complete = Complete::file}},
      .options = {{.names = "--type",
                   .value = "TYPE",
                   .help = "The kind of key [ed25519]",
                   .choices = {{"ed25519"}, {"ecdsa-p256"}}},
                  secret_option()},
      .examples = {{"ota keygen root.pem", "An Ed25519 key in a file"},
                   {"ota keygen 'pkcs11:token=maker;object=root?pin-source=pin.txt' --type "
                    "ecdsa-p256",
                    "An ECDSA key on a token"}},
      .handler = run_keygen,
      .no_dry_run = true,
      .lists = render::lists_of<ota::KeygenResult>,
  };
}

}  // namespace aiot::cli::command
