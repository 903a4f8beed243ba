#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "generate/completion.hpp"
#include "generate/man.hpp"
#include "render/schema.hpp"
#include "process.hpp"

/// aiotctl-generate SOURCE OUTPUT: writes the completions, the JSON Schemas, and the manual pages
/// of SOURCE with their option lists renewed, below OUTPUT. With SOURCE twice it renews the tree.
namespace {

namespace fs = std::filesystem;

bool write_file(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.flush();
  if (!out) std::cerr << "cannot write " << path.string() << '\n';
  return static_cast<bool>(out);
}

std::string read_file(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: aiotctl-generate SOURCE OUTPUT\n";
    return 2;
  }
  const fs::path source = argv[1];
  const fs::path output = argv[2];
  aiot::cli::ProcessSignals signals;
  const auto environment = aiot::cli::real_environment(signals);
  namespace generate = aiot::cli::generate;
  namespace render = aiot::cli::render;

  bool ok = write_file(output / "completions/aiotctl.bash", generate::bash_completion(environment));
  ok &= write_file(output / "completions/_aiotctl", generate::zsh_completion(environment));
  ok &= write_file(output / "completions/aiotctl.fish", generate::fish_completion(environment));
  for (const std::string& name : render::schema_names()) {
    ok &= write_file(output / "cli/schema" / render::schema_file(name),
                     render::schema_text(name).value_or(""));
  }
  for (const auto& page : fs::directory_iterator(source / "man")) {
    if (page.path().extension() != ".scd") continue;
    const auto text = generate::renew_man_page(read_file(page.path()));
    if (!text.has_value()) {
      std::cerr << page.path().string() << ": " << text.error().message() << '\n';
      ok = false;
      continue;
    }
    ok &= write_file(output / "man" / page.path().filename(), *text);
  }
  return ok ? 0 : 1;
}
