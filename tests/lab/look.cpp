// look SOURCE SECONDS: what one source of `discover` sees, a line for each event, and in the end
// how the source fared: "found ID {field: value, …}", "source STATE DETAIL HINT".
#include <cstdio>
#include <cstdlib>
#include <string>

#include "aiot/discover.hpp"
#include "aiot/error.hpp"

using namespace aiot;

namespace {

std::string text(const Value& value);

struct Writer {
  std::string operator()(std::nullptr_t) const { return "null"; }
  std::string operator()(bool truth) const { return truth ? "true" : "false"; }
  std::string operator()(std::int64_t number) const { return std::to_string(number); }
  std::string operator()(std::uint64_t number) const { return std::to_string(number); }
  std::string operator()(double number) const {
    char out[32];
    std::snprintf(out, sizeof out, "%.6g", number);
    return out;
  }
  std::string operator()(const std::string& letters) const { return letters; }
  std::string operator()(const Bytes& bytes) const { return to_hex(bytes); }
  std::string operator()(const Array& array) const {
    std::string out = "[";
    for (const Value& one : array) out += (out.size() > 1 ? ", " : "") + text(one);
    return out + "]";
  }
  std::string operator()(const Object& object) const {
    std::string out = "{";
    for (const auto& [name, value] : object.fields())
      out += (out.size() > 1 ? ", " : "") + name + ": " + text(value);
    return out + "}";
  }
};

std::string text(const Value& value) { return std::visit(Writer(), value.storage()); }

class Printer final : public EventSink {
 public:
  void on_event(const Event& event) override {
    const auto* item = std::get_if<event::Item>(&event);
    if (item == nullptr) return;
    std::printf("%s %s %s\n", item->kind.c_str(), item->device.c_str(),
                text(item->record.fields).c_str());
    std::fflush(stdout);
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  discover::Request request;
  request.only = {argv[1]};
  request.timeout = std::chrono::seconds(std::atoi(argv[2]));
  Printer printer;
  const Result<Record> result = discover::run(request, printer, {});
  if (!result) {
    std::printf("error %s\n", result.error().message().c_str());
    return 1;
  }
  const Value* sources = result->fields.find("sources");
  if (sources != nullptr) std::printf("sources %s\n", text(*sources).c_str());
  return 0;
}
