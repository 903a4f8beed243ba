#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/ddi/message.hpp"

namespace aiot::ddi {

enum class ActionState { offered, proceeding, canceling, succeeded, failed, canceled };

/// A device's latest action.
struct Action {
  std::uint64_t id = 0;
  std::string key;  ///< of the offer
  std::string name;
  std::string version;
  ActionState state = ActionState::offered;
  bool keeps_on = false;  ///< the device refused to cancel it

  bool is_open() const { return state <= ActionState::canceling; }
};

struct Device {
  Attributes attributes;
  std::optional<Action> action;
  bool wants_config = true;  ///< it shall send its attributes
};

/// Something that a device said of its action.
struct Report {
  std::string device;
  Action action;
  Feedback feedback;
};

/// An answer.
struct Outcome {
  unsigned status = 200;
  std::string body;                  ///< JSON, or ""
  std::vector<std::string> journal;  ///< lines to be kept before the answer is sent
  std::optional<Report> report;
  std::optional<Offer> artifact;  ///< the file to send instead of `body`
};

/// The server's side of DDI, of all tenants together.
class Server {
 public:
  /// What a device with these attributes shall run; nullopt: nothing is known for it.
  using Wanted =
      std::function<std::optional<Offer>(const std::string& device, const Attributes& attributes)>;

  Server(Wanted wanted, std::chrono::seconds sleep, std::size_t most_devices = 100'000)
      : wanted_(std::move(wanted)), sleep_(sleep), most_devices_(most_devices) {}

  /// A line of the journal, of an earlier run. Errc::bad_journal.
  Result<void> load(std::string_view line);
  /// All that the journal says, in as few lines as it takes.
  std::vector<std::string> snapshot() const;

  /// `origin` is how the device reaches this server: "https://HOST". The caller has checked that
  /// the device is the one of the path.
  Outcome handle(const Path& path, std::string_view method, ByteSpan body,
                 const std::string& origin);

  const std::map<std::string, Device>& devices() const { return devices_; }
  /// Actions that ended so since this object was made.
  std::uint64_t succeeded() const { return succeeded_; }
  std::uint64_t failed() const { return failed_; }

 private:
  Outcome poll(const std::string& name, Device& device, const std::string& self);
  Outcome configure(const std::string& name, Device& device, ByteSpan body);
  Outcome feedback(const Path& path, Device& device, ByteSpan body);
  void decide(const std::string& name, Device& device, Outcome& out);
  void set_state(const std::string& name, Device& device, ActionState state, Outcome& out);
  void offer(const std::string& name, Device& device, const Offer& what, Outcome& out);

  Wanted wanted_;
  std::chrono::seconds sleep_;
  std::size_t most_devices_;
  std::map<std::string, Device> devices_;
  std::uint64_t last_id_ = 0;
  std::uint64_t succeeded_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace aiot::ddi
