#include "dbus/mesh.hpp"

#include <algorithm>

#include "dbus/bell.hpp"
#include "dbus/message.hpp"

// BlueZ 5.66, doc/mesh-api.txt.
namespace aiot::mesh_daemon {
namespace {

constexpr const char* service = "org.bluez.mesh";
constexpr const char* root = "/org/bluez/mesh";
constexpr const char* network_interface = "org.bluez.mesh.Network1";
constexpr const char* management_interface = "org.bluez.mesh.Management1";

constexpr const char* app_path = "/aiot/mesh";
constexpr const char* element_path = "/aiot/mesh/element";
constexpr const char* agent_path = "/aiot/mesh/agent";

constexpr ErrorRow error_rows[] = {
    {Errc::no_daemon, "mesh.no_daemon", "bluetooth-meshd does not run", Condition::resource},
    {Errc::refused, "mesh.refused", "bluetooth-meshd refuses", Condition::protocol},
    {Errc::not_added, "mesh.not_added", "the device did not become a node", Condition::protocol},
};
const ErrorTable error_table("mesh", error_rows);

Error explain(Error error) {
  if (error.code == dbus::Errc::no_service) {
    return make_error(
        Errc::no_daemon, std::move(error.context),
        "install bluez-meshd, and start bluetooth-mesh.service; it wants a controller "
        "of its own");
  }
  if (error.code == dbus::Errc::refused || error.code == dbus::Errc::no_object)
    error.code = make_error_code(Errc::refused);
  return error;
}

Bytes bytes_of(const Uuid& uuid) { return {uuid.begin(), uuid.end()}; }

bool is_uuid(const Value& value, const Uuid& uuid) {
  const auto* bytes = std::get_if<Bytes>(&value.storage());
  return bytes != nullptr && bytes->size() >= uuid.size() &&
         std::equal(uuid.begin(), uuid.end(), bytes->begin());
}

/// This node has one element with a model that sets nodes up.
constexpr int configuration_client = 0x0001;

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept {
  return {static_cast<int>(e), error_table};
}

/// What the daemon has said. It calls from the executor.
struct Provisioner::State {
  std::shared_ptr<dbus::Bell> bell = std::make_shared<dbus::Bell>();
  std::optional<std::uint64_t> token;
  std::string join_failure;
  std::optional<Uuid> wanted;  ///< of the device that is looked for or added
  bool seen = false;
  Helper helper;
  std::uint16_t address = 0;  ///< that the device gets
  bool added = false;
  bool used_oob = false;
  std::optional<std::string> failure;

  Object agent() const {
    Array ways;
    if (helper.static_oob) ways.emplace_back("static-oob");
    return {{"Capabilities", std::move(ways)}, {"OutOfBandInfo", Array{}}};
  }
  static Object application() {
    return {{"CompanyID", dbus::typed("q", 0xFFFF)},
            {"ProductID", dbus::typed("q", 1)},
            {"VersionID", dbus::typed("q", 1)},
            {"CRPL", dbus::typed("q", 32)}};
  }
  static Object element() {
    return {{"Index", dbus::typed("y", 0)},
            {"Models", dbus::typed("a(qa{sv})", Array{Array{configuration_client, Object{}}})},
            {"VendorModels", dbus::typed("a(qqa{sv})", Array{})}};
  }
  Object tree() const {
    return {{app_path, Object{{"org.bluez.mesh.Application1", application()},
                              {"org.bluez.mesh.Provisioner1", Object{}}}},
            {element_path, Object{{"org.bluez.mesh.Element1", element()}}},
            {agent_path, Object{{"org.bluez.mesh.ProvisionAgent1", agent()}}}};
  }

  void on_call(const dbus::Incoming& call) {
    const std::string& method = call.method;
    const Array& arguments = call.arguments;
    if (method == "GetManagedObjects") return call.reply("a{oa{sa{sv}}}", {tree()});
    if (method == "GetAll") {
      return call.reply("a{sv}", {call.path == agent_path     ? agent()
                                  : call.path == element_path ? element()
                                                              : application()});
    }
    if (method == "RequestProvData") {
      if (helper.authenticated) helper.authenticated();
      return call.reply("qq", {0, static_cast<int>(address)});
    }
    if (method == "PromptStatic") {
      used_oob = true;
      if (helper.static_oob) return call.reply("ay", {bytes_of(*helper.static_oob)});
      return call.fail("org.bluez.mesh.Error.NotFound", "no static OOB");
    }
    if (method == "JoinComplete" && !arguments.empty()) {
      const auto* number = std::get_if<std::uint64_t>(&arguments[0].storage());
      if (number != nullptr) token = *number;
    } else if (method == "JoinFailed" && !arguments.empty()) {
      join_failure = arguments[0].string() == nullptr ? "" : *arguments[0].string();
    } else if (method == "ScanResult" && arguments.size() > 1) {
      seen = seen || (wanted && is_uuid(arguments[1], *wanted));
    } else if (method == "AddNodeComplete" && !arguments.empty()) {
      added = added || (wanted && is_uuid(arguments[0], *wanted));
    } else if (method == "AddNodeFailed" && arguments.size() > 1) {
      if (wanted && is_uuid(arguments[0], *wanted))
        failure = arguments[1].string() == nullptr ? "" : *arguments[1].string();
    }
    call.reply();
    bell->ring();
  }
};

Provisioner::Provisioner(dbus::Bus& bus, Network network, const Uuid& own)
    : bus_(bus), network_(network), own_(own), state_(std::make_shared<State>()) {}
Provisioner::~Provisioner() = default;

net::Task<std::unique_ptr<Provisioner>> Provisioner::attach(dbus::Bus& bus, Network network,
                                                            Uuid own, net::TimePoint deadline) {
  std::unique_ptr<Provisioner> made(new Provisioner(bus, network, own));
  AIOT_CO_TRY(made->served_,
              bus.serve(app_path, [state = made->state_](const dbus::Incoming& call) {
                state->on_call(call);
              }));
  Result<void> opened = co_await made->open(deadline);
  if (!opened) co_return std::move(opened).error();
  co_return std::move(made);
}

net::Task<void> Provisioner::call(std::string path, std::string interface, std::string method,
                                  std::string signature, Array arguments, net::TimePoint deadline) {
  dbus::Call made(service, std::move(path), std::move(interface), std::move(method),
                  std::move(signature), std::move(arguments));
  Result<Array> reply = co_await bus_.call(std::move(made), deadline);
  if (!reply) co_return explain(std::move(reply).error());
  if (!reply->empty() && reply->front().string() != nullptr) node_ = *reply->front().string();
  co_return Result<void>();
}

net::Task<void> Provisioner::create(net::TimePoint deadline) {
  Array arguments{app_path, bytes_of(own_)};
  Result<void> asked = co_await call(root, network_interface, "CreateNetwork", "oay",
                                     std::move(arguments), deadline);
  if (!asked) co_return asked;
  while (!state_->token) {
    if (!state_->join_failure.empty())
      co_return make_error(Errc::refused, "making a network").with_peer_text(state_->join_failure);
    Result<void> rung = co_await dbus::Bell::wait(state_->bell, deadline);
    if (!rung) co_return std::move(rung).error().with("making a mesh network");
  }
  network_ = Network{};
  network_.token = *state_->token;
  co_return Result<void>();
}

net::Task<void> Provisioner::open(net::TimePoint deadline) {
  for (const bool again : {false, true}) {
    if (network_.token == 0) {
      Result<void> created = co_await create(deadline);
      if (!created) co_return created;
    }
    Array arguments{app_path, network_.token};
    Result<void> attached =
        co_await call(root, network_interface, "Attach", "ot", std::move(arguments), deadline);
    if (attached || again || attached.error().code != make_error_code(Errc::refused) ||
        attached.error().context.find("NotFound") == std::string::npos) {
      co_return attached;
    }
    network_.token = 0;  // the daemon has lost it
  }
  co_return Result<void>();
}

net::Task<void> Provisioner::find(Uuid uuid, net::TimePoint deadline) {
  state_->wanted = uuid;
  state_->seen = false;
  Array arguments{Object{}};
  Result<void> scanning = co_await call(node_, management_interface, "UnprovisionedScan", "a{sv}",
                                        std::move(arguments), deadline);
  if (!scanning) co_return scanning;
  Result<void> found;
  while (!state_->seen && found) found = co_await dbus::Bell::wait(state_->bell, deadline);
  if (!found) co_return found;
  Array none;
  Result<void> stopped = co_await call(node_, management_interface, "UnprovisionedScanCancel", "",
                                       std::move(none), deadline);
  co_return stopped;
}

bool Provisioner::used_oob() const { return state_->used_oob; }

net::Task<std::uint16_t> Provisioner::add(Uuid uuid, Helper helper, net::TimePoint deadline) {
  state_->wanted = uuid;
  state_->used_oob = false;
  state_->helper = std::move(helper);
  state_->address = network_.next_address;
  Array arguments{bytes_of(uuid), Object{}};
  Result<void> adding = co_await call(node_, management_interface, "AddNode", "aya{sv}",
                                      std::move(arguments), deadline);
  if (!adding) co_return std::move(adding).error();
  while (!state_->added && !state_->failure) {
    Result<void> rung = co_await dbus::Bell::wait(state_->bell, deadline);
    if (!rung) co_return std::move(rung).error();
  }
  if (!state_->added) co_return make_error(Errc::not_added).with_peer_text(*state_->failure);
  ++network_.next_address;
  co_return state_->address;
}

}  // namespace aiot::mesh_daemon
