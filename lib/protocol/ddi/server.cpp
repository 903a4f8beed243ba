#include "protocol/ddi/server.hpp"

#include <algorithm>
#include <array>

#include "protocol/ddi/json.hpp"

namespace aiot::ddi {
namespace {

constexpr std::array<std::string_view, 6> state_names = {"offered",   "proceeding", "canceling",
                                                         "succeeded", "failed",     "canceled"};

std::string attributes_line(const std::string& name, const Device& device) {
  json::object attributes;
  for (const auto& [key, value] : device.attributes) attributes[key] = value;
  return json::serialize(json::object{{"device", name}, {"attributes", std::move(attributes)}});
}

std::string action_line(const std::string& name, const Action& action) {
  return json::serialize(
      json::object{{"device", name},
                   {"action", action.id},
                   {"key", action.key},
                   {"name", action.name},
                   {"version", action.version},
                   {"state", state_names[static_cast<std::size_t>(action.state)]}});
}

Outcome answered(unsigned status) {
  Outcome out;
  out.status = status;
  return out;
}

}  // namespace

Result<void> Server::load(std::string_view line) {
  const auto wrong = [&] { return make_error(Errc::bad_journal, std::string(line.substr(0, 80))); };
  boost::system::error_code error;
  const json::value value = json::parse(line, error);
  const json::object* object = error ? nullptr : value.if_object();
  if (object == nullptr) return wrong();
  const auto text = [&](std::string_view name) {
    const json::value* found = object->if_contains(name);
    const json::string* string = found == nullptr ? nullptr : found->if_string();
    return string == nullptr ? std::string() : std::string(*string);
  };
  const std::string name = text("device");
  if (name.empty()) return wrong();
  if (const json::value* attributes = object->if_contains("attributes")) {
    if (!attributes->is_object()) return wrong();
    Device& device = devices_[name];
    device.attributes.clear();
    for (const auto& [key, item] : attributes->get_object()) {
      if (!item.is_string()) return wrong();
      device.attributes[std::string(key)] = std::string(item.get_string());
    }
    return {};
  }
  Action action;
  const json::value* id = object->if_contains("action");
  const auto state = std::ranges::find(state_names, text("state"));
  boost::system::error_code not_number;
  if (id != nullptr) action.id = id->to_number<std::uint64_t>(not_number);
  if (id == nullptr || not_number || action.id == 0 || action.id > most_id ||
      state == state_names.end()) {
    return wrong();
  }
  action.key = text("key");
  action.name = text("name");
  action.version = text("version");
  action.state = static_cast<ActionState>(state - state_names.begin());
  last_id_ = std::max(last_id_, action.id);
  devices_[name].action = std::move(action);
  return {};
}

std::vector<std::string> Server::snapshot() const {
  std::vector<std::string> lines;
  for (const auto& [name, device] : devices_) {
    lines.push_back(attributes_line(name, device));
    if (device.action) lines.push_back(action_line(name, *device.action));
  }
  return lines;
}

Outcome Server::handle(const Path& path, std::string_view method, ByteSpan body,
                       const std::string& origin) {
  const bool reads = method == "GET" || method == "HEAD";
  const bool writes = method == "POST" || method == "PUT";
  using Kind = Path::Kind;
  const bool takes_body = path.kind == Kind::config_data ||
                          path.kind == Kind::deployment_feedback ||
                          path.kind == Kind::cancel_feedback;
  if (takes_body ? !writes : !reads) return answered(405);
  const auto known = devices_.find(path.device);
  if (known == devices_.end() && path.kind != Kind::base && path.kind != Kind::config_data) {
    // Of a server that has lost its state: SWUpdate repeats feedback until it is taken.
    return answered(takes_body ? 200 : 404);
  }
  if (known == devices_.end() && devices_.size() >= most_devices_) return answered(503);
  Device& device = devices_[path.device];
  const std::string self = origin + "/" + path.tenant + "/controller/v1/" + path.device;
  const bool current = device.action && device.action->id == path.action;
  switch (path.kind) {
    case Kind::base: return poll(path.device, device, self);
    case Kind::config_data: return configure(path.device, device, body);
    case Kind::deployment_feedback:
    case Kind::cancel_feedback: return feedback(path, device, body);
    case Kind::cancel: {
      if (!current || device.action->state != ActionState::canceling) return answered(404);
      Outcome out;
      out.body = write_cancel(path.action);
      return out;
    }
    case Kind::deployment:
    case Kind::artifact: break;
  }
  if (!current || !device.action->is_open()) return answered(404);
  std::optional<Offer> offer = wanted_(path.device, device.attributes);
  if (!offer || offer->key != device.action->key) return answered(404);
  Outcome out;
  if (path.kind == Kind::deployment) {
    out.body = write_deployment(path.action, *offer, self);
  } else if (path.file == offer->file_name) {
    out.artifact = std::move(offer);
  } else {
    out.status = 404;
  }
  return out;
}

Outcome Server::poll(const std::string& name, Device& device, const std::string& self) {
  Outcome out;
  decide(name, device, out);
  Base base;
  base.sleep = sleep_;
  base.wants_config = device.wants_config;
  if (device.action && device.action->is_open() && !device.action->keeps_on) {
    (device.action->state == ActionState::canceling ? base.cancel : base.deployment) =
        device.action->id;
  }
  out.body = write_base(base, self);
  return out;
}

/// Which action the device has from now on.
void Server::decide(const std::string& name, Device& device, Outcome& out) {
  const std::optional<Offer> offer = wanted_(name, device.attributes);
  if (device.action && device.action->is_open()) {
    if (offer && offer->key == device.action->key) {
      // Wanted again before it was stopped.
      return;
    }
    if (device.action->state == ActionState::proceeding) {
      if (!device.action->keeps_on) set_state(name, device, ActionState::canceling, out);
      return;
    }
    if (device.action->state == ActionState::canceling) return;
    set_state(name, device, ActionState::canceled, out);
  }
  if (!offer || last_id_ >= most_id) return;
  const bool done = device.action && device.action->key == offer->key &&
                    device.action->state != ActionState::canceled;
  const auto version = device.attributes.find("version");
  const bool runs = version != device.attributes.end() && version->second == offer->version;
  if (!done && !runs) this->offer(name, device, *offer, out);
}

void Server::offer(const std::string& name, Device& device, const Offer& what, Outcome& out) {
  device.action = Action{++last_id_, what.key, what.name, what.version};
  out.journal.push_back(action_line(name, *device.action));
}

void Server::set_state(const std::string& name, Device& device, ActionState state, Outcome& out) {
  if (device.action->state == state) return;
  device.action->state = state;
  if (state == ActionState::succeeded) ++succeeded_;
  if (state == ActionState::failed) ++failed_;
  // What it runs now, it may say anew.
  if (!device.action->is_open()) device.wants_config = true;
  out.journal.push_back(action_line(name, *device.action));
}

Outcome Server::configure(const std::string& name, Device& device, ByteSpan body) {
  const Result<ConfigData> data = parse_config_data(body);
  if (!data) return answered(400);
  Outcome out;
  Attributes attributes = device.attributes;
  if (data->mode == ConfigData::Mode::replace) attributes.clear();
  for (const auto& [key, value] : data->attributes) {
    if (data->mode == ConfigData::Mode::remove) {
      attributes.erase(key);
    } else {
      attributes[key] = value;
    }
  }
  constexpr std::size_t most_attributes = 64;
  if (attributes.size() > most_attributes) return answered(400);
  device.wants_config = false;
  if (attributes != device.attributes) {
    device.attributes = std::move(attributes);
    out.journal.push_back(attributes_line(name, device));
  }
  const auto version = device.attributes.find("version");
  if (device.action && device.action->is_open() && version != device.attributes.end() &&
      version->second == device.action->version) {
    set_state(name, device, ActionState::succeeded, out);
    device.wants_config = false;
    out.report =
        Report{name, *device.action, {"closed", "success", {"the device reports this version"}}};
  }
  return out;
}

Outcome Server::feedback(const Path& path, Device& device, ByteSpan body) {
  Result<Feedback> said = parse_feedback(body);
  if (!said) return answered(400);
  Outcome out;
  // Of an action that is over: nothing changes, and nothing is to be repeated.
  if (!device.action || device.action->id != path.action || !device.action->is_open()) return out;
  const bool cancels = path.kind == Path::Kind::cancel_feedback;
  if (cancels && device.action->state != ActionState::canceling) return out;
  const bool closed = said->execution == "closed";
  if (cancels) {
    if (said->execution == "rejected" || (closed && said->finished == "failure")) {
      device.action->keeps_on = true;
      set_state(path.device, device, ActionState::proceeding, out);
    } else if (closed || said->execution == "canceled") {
      set_state(path.device, device, ActionState::canceled, out);
    }
  } else if (closed && said->finished == "success") {
    set_state(path.device, device, ActionState::succeeded, out);
  } else if (closed || said->execution == "rejected") {
    set_state(path.device, device, ActionState::failed, out);
  } else if (said->execution == "canceled") {
    set_state(path.device, device, ActionState::canceled, out);
  } else if (device.action->state == ActionState::offered) {
    set_state(path.device, device, ActionState::proceeding, out);
  }
  out.report = Report{path.device, *device.action, *std::move(said)};
  return out;
}

}  // namespace aiot::ddi
