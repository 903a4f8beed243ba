#include "aiot/event.hpp"

namespace aiot {

EventSink::~EventSink() = default;

EventSink& null_sink() {
  struct Null final : EventSink {
    void on_event(const Event&) override {}
  };
  static Null sink;
  return sink;
}

}  // namespace aiot
