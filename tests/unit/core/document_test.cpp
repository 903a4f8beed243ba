#include "aiot/document.hpp"

#include <doctest/doctest.h>

#include <array>

namespace {

using namespace aiot;

enum class State { fresh, done };
constexpr std::array<std::string_view, 2> state_names = {"fresh", "done"};

struct Part {
  std::string name;
  std::uint32_t offset_bytes = 0;
};
void describe(FieldVisitor& v, Part& p) {
  v("name", p.name, "as given");
  v("offset_bytes", p.offset_bytes, "in flash");
}

struct Example {
  std::string name;
  std::uint8_t small = 0;
  std::int32_t signed_number = 0;
  double ratio = 0;
  bool ok = false;
  State state = State::fresh;
  std::optional<std::string> note;
  std::string often_empty;
  std::vector<Part> parts;
  std::map<std::string, std::uint64_t> counts;
  Object facts;
  Address address;
};
SchemaInfo schema_of(const Example&) { return {"aiot.example/1", "An example"}; }
void describe(FieldVisitor& v, Example& e) {
  v("name", e.name, "");
  v("small", e.small, "");
  v("signed", e.signed_number, "");
  v("ratio", e.ratio, "");
  v("ok", e.ok, "");
  v.choice("state", e.state, state_names, "");
  v("note", e.note, "");
  v("often_empty", e.often_empty, "", Presence::if_set);
  v("parts", e.parts, "");
  v("counts", e.counts, "");
  v("facts", e.facts, "");
  v("address", e.address, "");
}

Example example() {
  Example e;
  e.name = "lamp";
  e.small = 7;
  e.signed_number = -3;
  e.ratio = 0.5;
  e.ok = true;
  e.state = State::done;
  e.parts = {{"app", 0x10000}, {"nvs", 0x9000}};
  e.counts = {{"read", 2}};
  e.facts = Object({{"free", "form"}});
  e.address = *parse_address("tcp://host:5555");
  return e;
}

std::string complaint(const Object& object) {
  Example read;
  ObjectReader reader(object);
  describe(reader, read);
  return reader.complaint();
}

TEST_CASE("a described struct becomes open content in the order of its fields") {
  const Object expected({{"name", "lamp"},
                         {"small", std::uint64_t{7}},
                         {"signed", -3},
                         {"ratio", 0.5},
                         {"ok", true},
                         {"state", "done"},
                         {"parts", Array{Object({{"name", "app"}, {"offset_bytes", 0x10000U}}),
                                         Object({{"name", "nvs"}, {"offset_bytes", 0x9000U}})}},
                         {"counts", Object({{"read", std::uint64_t{2}}})},
                         {"facts", Object({{"free", "form"}})},
                         {"address", "tcp://host:5555"}});
  CHECK(fields_of(example()) == expected);
}

TEST_CASE("a document keeps the type of what it holds") {
  const Document none;
  CHECK_FALSE(none);
  CHECK(none.schema() == "");
  const Document document = example();
  CHECK(document.schema() == "aiot.example/1");
  REQUIRE(document.get<Example>() != nullptr);
  CHECK(document.get<Example>()->parts.size() == 2);
  CHECK(document.get<Part>() == nullptr);
  CHECK(document.fields() == fields_of(example()));
}

TEST_CASE("a described struct is read back") {
  Example e = example();
  e.note = "here";
  Example back;
  const Object written = fields_of(e);
  ObjectReader reader(written);
  describe(reader, back);
  CHECK(reader.complaint() == "");
  CHECK(fields_of(back) == written);
}

TEST_CASE("a reader names what is missing, of another type or out of range") {
  Object object = fields_of(example());
  object.set("small", 256);
  CHECK(complaint(object) == "small is out of range");
  object.set("small", "7");
  CHECK(complaint(object) == "small is no whole number from 0");
  object.set("small", 7);
  object.set("state", "lost");
  CHECK(complaint(object) == "state is none of its choices");
  object.set("state", "done");
  object.set("parts", Array{Object({{"name", "app"}})});
  CHECK(complaint(object) == "parts[0].offset_bytes is missing");
  object.set("parts", "none");
  CHECK(complaint(object) == "parts is no list");
  object.set("parts", Array{});
  object.set("address", "what?");
  CHECK(complaint(object) == "address is no address");
}

}  // namespace
