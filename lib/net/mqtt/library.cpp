#include "net/mqtt/library.hpp"

#include "net/error.hpp"

namespace aiot::net::mqtt {
namespace {

constexpr const char* file = "libmosquitto.so.1";

Result<Library> load() {
  AIOT_TRY(Module module, Module::open(file, "libmosquitto1"));
  Library library{std::move(module)};
  bool whole = true;
  const auto take = [&](auto& function, const char* name) {
    using F = std::remove_pointer_t<std::remove_reference_t<decltype(function)>>;
    function = library.module.function<F>(name);
    whole = whole && function != nullptr;
  };
  take(library.make, "mosquitto_new");
#define AIOT_MQTT_TAKE(name) take(library.name, "mosquitto_" #name)
  AIOT_MQTT_TAKE(lib_init);
  AIOT_MQTT_TAKE(lib_cleanup);
  AIOT_MQTT_TAKE(destroy);
  AIOT_MQTT_TAKE(int_option);
  AIOT_MQTT_TAKE(username_pw_set);
  AIOT_MQTT_TAKE(tls_set);
  AIOT_MQTT_TAKE(connect_bind_v5);
  AIOT_MQTT_TAKE(disconnect_v5);
  AIOT_MQTT_TAKE(subscribe_multiple);
  AIOT_MQTT_TAKE(socket);
  AIOT_MQTT_TAKE(loop_read);
  AIOT_MQTT_TAKE(loop_write);
  AIOT_MQTT_TAKE(loop_misc);
  AIOT_MQTT_TAKE(want_write);
  AIOT_MQTT_TAKE(sub_topic_check);
  AIOT_MQTT_TAKE(strerror);
  AIOT_MQTT_TAKE(connack_string);
  AIOT_MQTT_TAKE(reason_string);
  AIOT_MQTT_TAKE(property_add_int32);
  AIOT_MQTT_TAKE(property_free_all);
  AIOT_MQTT_TAKE(property_read_string);
  AIOT_MQTT_TAKE(connect_v5_callback_set);
  AIOT_MQTT_TAKE(subscribe_callback_set);
  AIOT_MQTT_TAKE(message_v5_callback_set);
  AIOT_MQTT_TAKE(log_callback_set);
#undef AIOT_MQTT_TAKE
  if (!whole) {
    return make_error(Errc::not_supported, std::string(file) + " is older than version 2",
                      "install libmosquitto1 2.0 or later");
  }
  library.lib_init();
  return library;
}

struct Opened {
  Result<Library> library = load();
  Opened() = default;
  ~Opened() {
    if (library) library->lib_cleanup();
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
};

}  // namespace

Result<const Library*> Library::open() {
  // Kept to the end of the process: the library holds state of OpenSSL's.
  static const Opened opened;
  if (!opened.library) return opened.library.error();
  return &*opened.library;
}

}  // namespace aiot::net::mqtt
