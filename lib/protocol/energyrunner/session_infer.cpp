#include "protocol/energyrunner/command.hpp"
#include "protocol/energyrunner/session.hpp"

namespace aiot::energyrunner {
namespace {

constexpr int most_repeats = 3;

}  // namespace

net::Task<std::vector<double>> Session::repeat_results() {
  Error last;
  for (int i = 0; i < most_repeats; ++i) {
    Result<Reply> reply = co_await ask("results");
    if (reply) {
      if (const Heard* results = reply->find(Kind::results)) co_return results->message.values;
      last = fault_of(Errc::incomplete, "results");
    } else {
      last = std::move(reply).error();
      if (!may_be_mended(last)) break;
    }
    Result<void> again = co_await resync();
    AIOT_CO_CHECK(std::move(again));
  }
  co_return last;
}

net::Task<Inference> Session::infer(InferRequest request) {
  // Nothing is said while the model runs: silence is allowed for as long as all of it may take.
  const net::Duration patience = request.patience + wire_time(2 * LineReader::most_chars);
  Result<Reply> reply =
      co_await exchange(infer_command(request.iterations, request.warmups), patience, patience);
  if (!reply) co_return std::move(reply).error();
  Inference out;
  const Heard* first = nullptr;
  const Heard* second = nullptr;
  const Heard* results = nullptr;
  bool started = false;
  for (const Heard& heard : reply->heard) {
    const Kind kind = heard.message.kind;
    if (kind == Kind::infer_start) {
      started = true;
      out.begin = heard.at;
    }
    if (kind == Kind::infer_done) out.end = heard.at;
    if (kind == Kind::results) results = &heard;
    if (kind != Kind::lap || !started) continue;
    (first == nullptr ? first : second) = &heard;
  }
  if (!started) co_return fault_of(Errc::incomplete, "it did not say that it inferred");
  if (first != nullptr && second != nullptr) {
    // 32-bit arithmetic is right when the clock went round in between.
    out.device_us = second->message.number - first->message.number;
    out.begin = first->at;
    out.end = second->at;
  } else if (!greeting_.energy_mode) {
    if (reply->damage) co_return std::move(*reply->damage).with("infer");
    co_return fault_of(Errc::incomplete, "infer: a lap is missing");
  }
  if (results != nullptr) {
    out.results = results->message.values;
    co_return out;
  }
  out.results_repeated = true;
  Result<std::vector<double>> again = co_await repeat_results();
  if (!again) co_return std::move(again).error();
  out.results = *std::move(again);
  co_return out;
}

}  // namespace aiot::energyrunner
