#include "render/schema.hpp"

#include <fmt/format.h>

#include <ostream>

#include "aiot/units.hpp"
#include "command/commands.hpp"
#include "context.hpp"
#include "errors.hpp"

namespace aiot::cli::command {
namespace {

int run_schema(Context& context) {
  const std::vector<std::string> names = render::schema_names();
  if (context.args.items.empty()) {
    for (const std::string& name : names) context.out << name << '\n';
    return 0;
  }
  const std::string& name = context.args.items.front();
  const auto text = render::schema_text(name);
  if (!text) {
    const std::string near = nearest_word(name, names);
    return context.fail(make_error(Errc::bad_value, fmt::format("schema: \"{}\"", name),
                                   near.empty()
                                       ? fmt::format("there are {}", fmt::join(names, ", "))
                                       : fmt::format("did you mean {}?", near)));
  }
  context.out << *text;
  return 0;
}

}  // namespace

Command schema() {
  return {
      .name = "schema",
      .summary = "print the JSON Schema of an output",
      .description =
          "The schemas (Draft 2020-12) of everything --json and --jsonl print; without a "
          "name, their names.",
      .positionals = {{.name = "NAME",
                       .help = "such as aiot.flash/1",
                       .min = 0,
                       .choices = render::schema_names()}},
      .examples = {{"schema aiot.flash/1", "What `aiotctl flash --json` prints"}},
      .handler = run_schema,
  };
}

}  // namespace aiot::cli::command
