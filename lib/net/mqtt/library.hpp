#pragma once

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include "core/module.hpp"

namespace aiot::net::mqtt {

/// What is used of libmosquitto (Debian's libmosquitto1), opened when it is first needed.
struct Library {
  Module module;
#define AIOT_MQTT_FUNCTION(name) decltype(::mosquitto_##name)* name = nullptr
  AIOT_MQTT_FUNCTION(lib_init);
  AIOT_MQTT_FUNCTION(lib_cleanup);
  AIOT_MQTT_FUNCTION(destroy);
  AIOT_MQTT_FUNCTION(int_option);
  AIOT_MQTT_FUNCTION(username_pw_set);
  AIOT_MQTT_FUNCTION(tls_set);
  AIOT_MQTT_FUNCTION(connect_bind_v5);
  AIOT_MQTT_FUNCTION(disconnect_v5);
  AIOT_MQTT_FUNCTION(subscribe_multiple);
  AIOT_MQTT_FUNCTION(socket);
  AIOT_MQTT_FUNCTION(loop_read);
  AIOT_MQTT_FUNCTION(loop_write);
  AIOT_MQTT_FUNCTION(loop_misc);
  AIOT_MQTT_FUNCTION(want_write);
  AIOT_MQTT_FUNCTION(sub_topic_check);
  AIOT_MQTT_FUNCTION(strerror);
  AIOT_MQTT_FUNCTION(connack_string);
  AIOT_MQTT_FUNCTION(reason_string);
  AIOT_MQTT_FUNCTION(property_add_int32);
  AIOT_MQTT_FUNCTION(property_free_all);
  AIOT_MQTT_FUNCTION(property_read_string);
  AIOT_MQTT_FUNCTION(connect_v5_callback_set);
  AIOT_MQTT_FUNCTION(subscribe_callback_set);
  AIOT_MQTT_FUNCTION(message_v5_callback_set);
  AIOT_MQTT_FUNCTION(log_callback_set);
#undef AIOT_MQTT_FUNCTION
  decltype(::mosquitto_new)* make = nullptr;

  /// The one library of this process. Condition::resource when it is not installed.
  static Result<const Library*> open();
};

}  // namespace aiot::net::mqtt
