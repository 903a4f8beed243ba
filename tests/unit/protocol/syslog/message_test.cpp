#include "protocol/syslog/message.hpp"

#include <doctest/doctest.h>

using aiot::syslog::facility_name;
using aiot::syslog::Message;
using aiot::syslog::parse_message;
using Form = Message::Form;

// RFC 5424 section 6.5, the examples as they are printed there.
TEST_CASE("RFC 5424: no structured data") {
  const Message m = parse_message(
      "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \xEF\xBB\xBF'su root' "
      "failed "
      "for lonvick on /dev/pts/8");
  CHECK(m.form == Form::rfc5424);
  CHECK(m.facility == 4);
  CHECK(m.severity == 2);
  CHECK(m.time == "2003-10-11T22:14:15.003Z");
  CHECK(m.host == "mymachine.example.com");
  CHECK(m.application == "su");
  CHECK(m.process.empty());
  CHECK(m.id == "ID47");
  CHECK(m.structured.empty());
  CHECK(m.text == "'su root' failed for lonvick on /dev/pts/8");
}

TEST_CASE("RFC 5424: a process, an offset, no byte order mark") {
  const Message m = parse_message(
      "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the "
      "do-nuts.");
  CHECK(m.facility == 20);
  CHECK(m.severity == 5);
  CHECK(m.time == "2003-08-24T05:14:15.000003-07:00");
  CHECK(m.process == "8710");
  CHECK(m.id.empty());
  CHECK(m.text == "%% It's time to make the do-nuts.");
}

TEST_CASE("RFC 5424: structured data, with and without a message") {
  const Message with = parse_message(
      "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 "
      "iut=\"3\" eventSource=\"Application\" eventID=\"1011\"] \xEF\xBB\xBF"
      "An application event log entry...");
  REQUIRE(with.structured.size() == 1);
  CHECK(with.structured[0].id == "exampleSDID@32473");
  REQUIRE(with.structured[0].parameters.size() == 3);
  CHECK(with.structured[0].parameters[1].first == "eventSource");
  CHECK(with.structured[0].parameters[1].second == "Application");
  CHECK(with.text == "An application event log entry...");
  const Message without = parse_message(
      "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 "
      "iut=\"3\" eventSource=\"Application\" eventID=\"1011\"][examplePriority@32473 "
      "class=\"high\"]");
  CHECK(without.form == Form::rfc5424);
  CHECK(without.structured.size() == 2);
  CHECK(without.structured[1].parameters[0].second == "high");
  CHECK(without.text.empty());
}

TEST_CASE("RFC 5424 section 6.3.3: what is escaped in a value") {
  const Message m = parse_message("<0>1 - - - - - [a b=\"1\\\"2\\\\3\\]4\\5\"] x");
  REQUIRE(m.structured.size() == 1);
  CHECK(m.structured[0].parameters[0].second == "1\"2\\3]4\\5");
  CHECK(m.severity == 0);
}

// RFC 3164 section 5.4, the examples as they are printed there.
TEST_CASE("RFC 3164: the examples") {
  Message m =
      parse_message("<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8");
  CHECK(m.form == Form::rfc3164);
  CHECK(m.time == "Oct 11 22:14:15");
  CHECK(m.host == "mymachine");
  CHECK(m.application == "su");
  CHECK(m.text == "'su root' failed for lonvick on /dev/pts/8");

  m = parse_message("Use the BFG!");
  CHECK(m.form == Form::bare);
  CHECK_FALSE(m.severity.has_value());
  CHECK(m.text == "Use the BFG!");

  // "the relay … will interpret CST as the hostname": so do we.
  m = parse_message("<165>Aug 24 05:34:00 CST 1987 mymachine myproc[10]: %% It's time");
  CHECK(m.host == "CST");
  CHECK(m.application.empty());
  CHECK(m.text == "1987 mymachine myproc[10]: %% It's time");

  m = parse_message(
      "<0>1990 Oct 22 10:52:01 TZ-6 scapegoat.dmz.example.org 10.1.2.3 sched[0]: That's All "
      "Folks!");
  CHECK(m.form == Form::bare);
  CHECK(m.facility == 0);
  CHECK(m.text ==
        "1990 Oct 22 10:52:01 TZ-6 scapegoat.dmz.example.org 10.1.2.3 sched[0]: That's All Folks!");
}

TEST_CASE("RFC 3164: a day below ten, a process, a newer time") {
  Message m = parse_message("<13>Nov  4 06:33:38 gw dhcpd[812]: lease");
  CHECK(m.time == "Nov  4 06:33:38");
  CHECK(m.application == "dhcpd");
  CHECK(m.process == "812");
  CHECK(m.text == "lease");
  m = parse_message("<13>2026-11-24T06:33:38.123456+00:00 gw app: x");
  CHECK(m.time == "2026-11-24T06:33:38.123456+00:00");
  CHECK(m.application == "app");
}

TEST_CASE("what is of neither form is all text") {
  for (const char* text : {"", "<", "<>", "<192>x", "<1", "<1234>x", "<abc>x"}) {
    CAPTURE(text);
    CHECK(parse_message(text).text == text);
    CHECK_FALSE(parse_message(text).severity.has_value());
  }
  CHECK(parse_message("<13>").text.empty());
  CHECK(parse_message("<13>1 - - - -").text == "1 - - - -");
  CHECK(parse_message("<13>1 - - - - - [a b=\"c").text == "1 - - - - - [a b=\"c");
  CHECK(parse_message(std::string("<13>a\0b\n", 8)).text == std::string("a\0b", 3));
}

TEST_CASE("names of facilities") {
  CHECK(facility_name(0) == "kern");
  CHECK(facility_name(10) == "authpriv");
  CHECK(facility_name(23) == "local7");
  CHECK(facility_name(24).empty());
}

TEST_CASE("RFC 3164: a local sender leaves the host's name out") {
  const Message m = parse_message("<13>Nov  4 06:33:38 dhcpd[812]: lease");
  CHECK(m.host.empty());
  CHECK(m.application == "dhcpd");
  CHECK(m.process == "812");
  CHECK(m.text == "lease");
}

TEST_CASE("structured data is bounded: a message with more is text alone") {
  const auto with = [](int elements, int parameters) {
    std::string text = "<13>1 - - - - - ";
    for (int i = 0; i < elements; ++i) {
      text += "[e" + std::to_string(i);
      for (int k = 0; k < parameters; ++k) text += " p" + std::to_string(k) + "=\"\"";
      text += "]";
    }
    return text + " text";
  };
  CHECK(parse_message(with(1, 255)).structured.at(0).parameters.size() == 255);
  CHECK(parse_message(with(256, 0)).structured.size() == 256);
  for (const std::string& text : {with(1, 256), with(257, 0), with(16, 16), with(1, 7000)}) {
    const Message m = parse_message(text);
    CHECK(m.structured.empty());
    CHECK(m.text.ends_with(" text"));
    CHECK(m.text.starts_with("1 - - "));
  }
}
