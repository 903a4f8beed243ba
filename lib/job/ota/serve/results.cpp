#include "aiot/ota_server.hpp"

namespace aiot::ota {

SchemaInfo schema_of(const ServeReady&) {
  return {"aiot.ota.serve.ready/1", "A line of `aiotctl ota serve` once it listens", false};
}

void describe(FieldVisitor& v, ServeReady& ready) {
  v("urls", ready.urls, "where it listens");
  v("metrics_url", ready.metrics_url, "of Prometheus' metrics", Presence::if_set);
  v("certificate_sha256", ready.certificate_sha256,
    "SHA-256 of the certificate's DER, hexadecimal");
  v("key_pin", ready.key_pin, "SHA-256 of its public key, as `curl --pinnedpubkey` takes it");
  v("certificate_file", ready.certificate_file, "of a certificate that the server has made",
    Presence::if_set);
  v("artifacts", ready.artifacts, "artifacts that devices can be offered");
}

SchemaInfo schema_of(const AccessRecord&) {
  return {"aiot.ota.access/1", "A request that `aiotctl ota serve` has answered", false};
}

void describe(FieldVisitor& v, AccessRecord& record) {
  v("time", record.time, "when the answer ended, ISO 8601, UTC");
  v("peer", record.peer, "IP address of the client");
  v.text("client", record.client, "common name of its certificate, which was verified",
         Presence::if_set);
  v.text("device", record.device, "DDI's name of the device", Presence::if_set);
  v.text("method", record.method, "of the request");
  v.text("target", record.target, "path and query");
  v("status", record.status, "of the answer");
  v("bytes", record.bytes, "of the answer's body, that were sent");
  v("whole", record.whole, "the answer was sent to its end");
  v("seconds", record.seconds, "from the first byte of the request to the end of the answer");
  v("tls", record.tls, "version of TLS", Presence::if_set);
  v("resumed", record.resumed, "the connection resumed an earlier session", Presence::if_set);
  v.text("user_agent", record.user_agent, "as the client calls itself", Presence::if_set);
}

SchemaInfo schema_of(const DeviceStatus&) {
  return {"aiot.ota.device/1", "What a device says about an update", false};
}

void describe(FieldVisitor& v, DeviceStatus& status) {
  v("time", status.time, "when it came, ISO 8601, UTC");
  v.text("device", status.device, "DDI's name of the device");
  v("action", status.action, "number of the action");
  v("artifact", status.artifact, "what is to be installed");
  v("version", status.version, "its version");
  v("execution", status.execution,
    "closed, proceeding, canceled, scheduled, rejected, resumed, "
    "downloaded or download");
  v("finished", status.finished, "success, failure or none");
  v.text("details", status.details, "in the device's words");
}

SchemaInfo schema_of(const ServeReport&) {
  return {"aiot.ota.serve/1", "Result of `aiotctl ota serve`"};
}

void describe(FieldVisitor& v, ServeReport& report) {
  v("connections", report.connections, "that were accepted");
  v("refused_connections", report.refused_connections, "of those, beyond a limit");
  v("handshakes_full", report.handshakes_full, "TLS handshakes with a certificate");
  v("handshakes_resumed", report.handshakes_resumed, "TLS handshakes with a ticket");
  v("handshakes_failed", report.handshakes_failed, "TLS handshakes that failed");
  v("requests", report.requests, "that were answered");
  v("refused_requests", report.refused_requests, "malformed, too large, or too many");
  v("timed_out", report.timed_out, "connections closed by a deadline");
  v("body_bytes", report.body_bytes, "of bodies that were sent");
  v("devices", report.devices, "that DDI knows");
  v("updated", report.updated, "actions that ended in success, in this run");
  v("failed", report.failed, "actions that ended in failure, in this run");
  v("seconds", report.seconds, "that the server ran");
}

}  // namespace aiot::ota
