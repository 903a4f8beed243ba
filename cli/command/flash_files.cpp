#include <fmt/format.h>

#include "aiot/units.hpp"
#include "command/flash_options.hpp"
#include "command/flash_verbs.hpp"
#include "errors.hpp"

/// The verbs that need no device: `flash image` and `flash merge`.
namespace aiot::cli::command {
namespace {

Result<std::uint64_t> size_option(const Arguments& args, const std::string& name,
                                  std::uint64_t otherwise) {
  const auto text = args.get(name);
  if (!text) return otherwise;
  return parse_size(*text).with(name);
}

Result<std::uint8_t> fill_option(const Arguments& args) {
  AIOT_TRY(const auto fill, size_option(args, "--fill", 0xFF));
  if (fill > 0xFF) {
    return make_error(Errc::bad_value, fmt::format("--fill {:#x}", fill), "one byte, 0 to 0xff");
  }
  return static_cast<std::uint8_t>(fill);
}

int finish(Context& context, const Result<Record>& record) {
  if (!record.has_value()) return context.fail(record.error());
  render::Outcome outcome;
  outcome.record = *record;
  return context.ui.finish(outcome);
}

/// What is wrong with the file, as an error: the record says it all, the exit code that it matters.
Result<void> check_problems(const Record& record) {
  const Value* problems = record.fields.find("problems");
  const Array* list = problems != nullptr ? problems->array() : nullptr;
  if (list == nullptr || list->empty()) return {};
  const Object* first = list->front().object();
  const Value* text = first != nullptr ? first->find("text") : nullptr;
  std::string what = text != nullptr && text->string() != nullptr ? *text->string() : "";
  if (list->size() > 1) what += fmt::format(" (and {} more)", list->size() - 1);
  return make_error(Errc::damaged_file, std::move(what), "copy or build the file again");
}

int explain(Context& context) {
  const auto record = context.environment.explain(context.args.items.front());
  if (!record.has_value()) return context.fail(record.error());
  render::Outcome outcome;
  outcome.record = *record;
  if (const auto sound = check_problems(*record); !sound.has_value()) {
    outcome.failures.push_back({"", "", sound.error()});
  }
  return context.ui.finish(outcome);
}

int convert(Context& context) {
  firmware::ConvertRequest request;
  request.dry_run = context.settings.dry_run;
  request.input = context.args.items.front();
  request.to = context.args.get("--convert").value_or("");
  request.output = context.args.get("--output").value_or("");
  if (request.output.empty()) {
    return context.fail(make_error(Errc::missing_argument, "flash image --convert: --output FILE",
                                   "say where the result goes: -o out.bin"));
  }
  const auto offset = size_option(context.args, "--offset", 0);
  if (!offset.has_value()) return context.fail(offset.error());
  request.offset = *offset;
  const auto fill = fill_option(context.args);
  if (!fill.has_value()) return context.fail(fill.error());
  request.fill = *fill;
  request.chip = context.args.get("--chip").value_or("");
  request.header = make_header(context.args);
  return finish(context, context.environment.convert(request));
}

Result<firmware::MergeRequest> make_merge(const Context& context) {
  firmware::MergeRequest request;
  request.dry_run = context.settings.dry_run;
  for (const std::string& word : context.args.items) {
    AIOT_TRY(request.images.emplace_back(), flash::parse_placement(word));
  }
  request.output = context.args.get("--output").value_or("");
  if (request.output.empty()) {
    return make_error(Errc::missing_argument, "flash merge: --output FILE",
                      "say where the image goes: -o merged.bin");
  }
  request.header = make_header(context.args);
  request.chip = context.args.get("--chip").value_or("");
  AIOT_TRY(request.fill, fill_option(context.args));
  AIOT_TRY(request.pad_to, size_option(context.args, "--pad-to", 0));
  AIOT_TRY(request.base, size_option(context.args, "--base", 0));
  request.overwrite = !context.args.has("--keep-existing");
  return request;
}

}  // namespace

int flash_image(Context& context) {
  if (context.args.has("--convert")) return convert(context);
  if (context.args.has("--output")) {
    return context.fail(make_error(Errc::missing_argument, "--output without --convert",
                                   "say the form: --convert hex"));
  }
  return explain(context);
}

int flash_merge(Context& context) {
  const auto request = make_merge(context);
  if (!request.has_value()) return context.fail(request.error());
  return finish(context, context.environment.merge(*request));
}

}  // namespace aiot::cli::command
