#include <algorithm>

#include "protocol/energyrunner/session.hpp"

namespace aiot::energyrunner {
namespace {

using namespace std::chrono_literals;

/// How long a greeting waits for its answer. A device that boots answers a later one.
constexpr auto greeting_silence = 700ms;
constexpr auto greeting_patience = 3s;
/// At each rate: the first greeting ends whatever command an earlier host has left unfinished.
constexpr int greetings_at_a_rate = 2;
constexpr int most_resyncs = 4;
constexpr int most_questions = 3;
/// The board between host and device says this instead of m-name (InterfaceMenu::Name).
constexpr std::string_view board_words = "Interface Board";

}  // namespace

net::Task<bool> Session::greet() {
  lines_.clear();
  Result<void> sent = co_await send("name");
  AIOT_CO_CHECK(std::move(sent));
  const net::Duration wire = wire_time(100);
  Result<Reply> reply = co_await collect(greeting_silence + wire, greeting_patience + wire);
  if (!reply) {
    if (may_be_mended(reply.error()) || reply.error().code == make_error_code(Errc::not_a_device)) {
      co_return false;
    }
    co_return std::move(reply).error();
  }
  for (const Heard& heard : reply->heard) {
    if (heard.message.kind == Kind::name) {
      greeting_.name = heard.message.text;
      co_return true;
    }
    if (heard.message.kind == Kind::timestamp_mode) {
      greeting_.energy_mode = heard.message.text == "energy";
    }
    if (!through_board_ && heard.message.kind == Kind::text &&
        heard.message.text.find(board_words) != std::string::npos) {
      through_board_ = greeting_.through_board = true;
    }
  }
  co_return false;
}

net::Task<void> Session::ask_profile() {
  Error last;
  for (int i = 0; i < most_questions; ++i) {
    Result<Reply> reply = co_await ask("profile");
    if (reply) {
      const Heard* profile = reply->find(Kind::profile);
      const Heard* model = reply->find(Kind::model);
      if (profile != nullptr) greeting_.profile = profile->message.text;
      if (model != nullptr) greeting_.model = model->message.text;
      if (model != nullptr) co_return Result<void>();
      last = fault_of(Errc::incomplete, "profile");
    } else {
      last = std::move(reply).error();
      if (!may_be_mended(last)) break;
    }
    Result<void> again = co_await resync();
    AIOT_CO_CHECK(std::move(again));
  }
  co_return last;
}

net::Task<void> Session::ask_mode() {
  Error last;
  for (int i = 0; i < most_questions; ++i) {
    // A lap is said where laps are how time is told.
    Result<Reply> reply = co_await ask("timestamp");
    if (reply) {
      greeting_.energy_mode = reply->find(Kind::lap) == nullptr;
      co_return Result<void>();
    }
    last = std::move(reply).error();
    if (!may_be_mended(last)) break;
    // A firmware may lack the command, and say laps all the same.
    if (last.code == make_error_code(Errc::refused)) co_return Result<void>();
    Result<void> again = co_await resync();
    AIOT_CO_CHECK(std::move(again));
  }
  co_return last;
}

net::Task<Greeting> Session::connect(ConnectOptions options) {
  const net::TimePoint end = link_.clock().now() + options.patience;
  greeting_ = Greeting();
  through_board_ = false;
  const net::LinkInfo& info = link_.info();
  std::vector<std::uint32_t> rates =
      info.has_baud ? options.bauds_bps : std::vector<std::uint32_t>();
  if (rates.empty()) rates.push_back(info.baud_bps);
  bool found = false;
  for (std::size_t round = 0; !found; ++round) {
    const std::uint32_t rate = rates[round % rates.size()];
    if (info.has_baud && rates.size() > 1) {
      Result<void> set = co_await link_.set_baud(rate);
      AIOT_CO_CHECK(std::move(set));
    }
    baud_bps_ = rate;
    for (int i = 0; i < greetings_at_a_rate && !found; ++i) {
      Result<bool> answered = co_await greet();
      if (!answered) co_return std::move(answered).error().with("greeting the device");
      found = *answered;
    }
    if (!found && link_.clock().now() >= end) {
      std::string heard = lines_.tail();
      co_return make_error(
          through_board_ ? Errc::not_a_device : Errc::no_answer,
          through_board_ ? "the interface board answers, the device behind it does not"
                         : "greeting the device",
          "check the port, the rate and the wires; a device in energy mode runs at 9600 baud")
          .with_peer_text(heard.substr(0, 200));
    }
  }
  greeting_.baud_bps = baud_bps_;
  // An answer to an earlier greeting may still be on its way.
  Result<void> settled = co_await quiet();
  AIOT_CO_CHECK(std::move(settled));
  Result<void> asked = co_await ask_profile();
  AIOT_CO_CHECK(std::move(asked));
  Result<void> marked = co_await ask_mode();
  AIOT_CO_CHECK(std::move(marked));
  co_return greeting_;
}

net::Task<void> Session::resync() {
  for (int i = 0; i < most_resyncs; ++i) {
    Result<void> silent = co_await quiet();
    AIOT_CO_CHECK(std::move(silent));
    Result<bool> answered = co_await greet();
    if (!answered) co_return std::move(answered).error();
    if (*answered) co_return Result<void>();
  }
  co_return make_error(Errc::no_answer, "after an interruption",
                       "reset the device and start again");
}

}  // namespace aiot::energyrunner
