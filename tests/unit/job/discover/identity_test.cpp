#include "job/discover/identity.hpp"

#include <doctest/doctest.h>

using namespace aiot::discover;

TEST_CASE("a MAC in any spelling is one key") {
  for (const char* text :
       {"24:0A:C4:00:00:01", "24-0a-c4-00-00-01", "240ac4000001", "240a.c400.0001"}) {
    CHECK(key_of({IdentityKind::mac, text})->text == "mac 24:0a:c4:00:00:01");
  }
  for (const char* text : {"", "24:0a:c4", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff",
                           "01:00:5e:00:00:fb", "zz:0a:c4:00:00:01"}) {
    CHECK_MESSAGE(!key_of({IdentityKind::mac, text}), text);
  }
}

TEST_CASE("a serial number that makers leave as it was identifies nothing") {
  for (const char* text :
       {"", "1", "000", "0000", "00000000", "123456789", "0123456789", "1234567890", "XXXXXX"}) {
    CHECK_MESSAGE(!key_of({IdentityKind::serial, text, "maker"}), text);
  }
  CHECK(key_of({IdentityKind::serial, "A50285BI", "0403:6001"})->text ==
        "serial 0403:6001 A50285BI");
}

TEST_CASE("the names of instances and hosts are the same in either case") {
  CHECK(key_of({IdentityKind::instance, "Lamp._http._tcp.LOCAL"}) ==
        key_of({IdentityKind::instance, "lamp._http._tcp.local"}));
  CHECK(key_of({IdentityKind::host, "Lamp.local"})->text == "host lamp.local");
  CHECK(key_of({IdentityKind::hardware_id, "Ab"}) != key_of({IdentityKind::hardware_id, "ab"}));
}

TEST_CASE("an id is that of the strongest key, whatever else there is and in any order") {
  const Key mac = *key_of({IdentityKind::mac, "24:0a:c4:00:00:01"});
  const Key later = *key_of({IdentityKind::mac, "24:0a:c4:00:00:02"});
  const Key ip = *key_of({IdentityKind::address, "192.0.2.1"});
  // printf 'mac 24:0a:c4:00:00:01' | sha256sum
  CHECK(id_of({mac}) == "91a3f7d18b0c");
  CHECK(id_of({ip, later, mac}) == id_of({mac}));
  CHECK(id_of({ip}) != id_of({mac}));
  CHECK(id_of({}).empty());
}

TEST_CASE("two services of one host are two subjects, one service on two addresses is one") {
  const Key mac = *key_of({IdentityKind::mac, "24:0a:c4:00:00:01"});
  const Key a = *key_of({IdentityKind::instance, "a._http._tcp.local"});
  const Key b = *key_of({IdentityKind::instance, "b._http._tcp.local"});
  const Key v4 = *key_of({IdentityKind::address, "192.0.2.1"});
  const Key v6 = *key_of({IdentityKind::address, "fe80::1", "eth0"});
  CHECK(v6.text == "address fe80::1%eth0");
  CHECK_FALSE(same_subject({mac, a}, {mac, b}));
  CHECK(same_subject({a, v4}, {a, v6}));
  CHECK(same_subject({mac, v4}, {mac, a}));
  CHECK_FALSE(same_subject({v4}, {v6}));
  CHECK_FALSE(same_subject({v4}, {mac}));
}
