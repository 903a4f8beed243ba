#pragma once

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include "core/module.hpp"

namespace aiot::net::mqtt {

/// What is used of libmosquitto (Debian's libmosquitto1), opened when it is first needed.
struct Library : ModuleFunctions {
  using ModuleFunctions::ModuleFunctions;
  AIOT_FUNCTION(make, mosquitto_new);
  AIOT_FUNCTION(lib_init, mosquitto_lib_init);
  AIOT_FUNCTION(lib_cleanup, mosquitto_lib_cleanup);
  AIOT_FUNCTION(destroy, mosquitto_destroy);
  AIOT_FUNCTION(int_option, mosquitto_int_option);
  AIOT_FUNCTION(username_pw_set, mosquitto_username_pw_set);
  AIOT_FUNCTION(tls_set, mosquitto_tls_set);
  AIOT_FUNCTION(connect_bind_v5, mosquitto_connect_bind_v5);
  AIOT_FUNCTION(disconnect_v5, mosquitto_disconnect_v5);
  AIOT_FUNCTION(subscribe_multiple, mosquitto_subscribe_multiple);
  AIOT_FUNCTION(socket, mosquitto_socket);
  AIOT_FUNCTION(loop_read, mosquitto_loop_read);
  AIOT_FUNCTION(loop_write, mosquitto_loop_write);
  AIOT_FUNCTION(loop_misc, mosquitto_loop_misc);
  AIOT_FUNCTION(want_write, mosquitto_want_write);
  AIOT_FUNCTION(sub_topic_check, mosquitto_sub_topic_check);
  AIOT_FUNCTION(strerror, mosquitto_strerror);
  AIOT_FUNCTION(connack_string, mosquitto_connack_string);
  AIOT_FUNCTION(reason_string, mosquitto_reason_string);
  AIOT_FUNCTION(property_add_int32, mosquitto_property_add_int32);
  AIOT_FUNCTION(property_free_all, mosquitto_property_free_all);
  AIOT_FUNCTION(property_read_string, mosquitto_property_read_string);
  AIOT_FUNCTION(connect_v5_callback_set, mosquitto_connect_v5_callback_set);
  AIOT_FUNCTION(subscribe_callback_set, mosquitto_subscribe_callback_set);
  AIOT_FUNCTION(message_v5_callback_set, mosquitto_message_v5_callback_set);
  AIOT_FUNCTION(log_callback_set, mosquitto_log_callback_set);
  AIOT_FUNCTION(publish, mosquitto_publish);
  AIOT_FUNCTION(pub_topic_check, mosquitto_pub_topic_check);
  AIOT_FUNCTION(will_set, mosquitto_will_set);

  /// The one library of this process. Condition::resource when it is not installed.
  static Result<const Library*> open();
};

}  // namespace aiot::net::mqtt
