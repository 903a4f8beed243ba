#include "job/discover/vendor.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include "skip.hpp"
#include "unit/net/real_loop.hpp"

using namespace aiot::discover;

namespace {

// Lines of ieee-data 20220827.1.
constexpr const char* oui =
    "Registry,Assignment,Organization Name,Organization Address\n"
    "MA-L,240AC4,Espressif Inc.,\"Room 204, Building 2, 690 Bibo Rd, Pudong New Area Shanghai\"\n"
    "MA-L,70B3D5,IEEE Registration Authority,445 Hoes Lane Piscataway NJ US 08554 \n"
    "MA-L,741AE0,IEEE Registration Authority,445 Hoes Lane Piscataway NJ US 08554 \n"
    "MA-L,00D0EF,\"IGT, \"\"Inc.\"\"\",9295 PROTOTYPE DRIVE RENO NV US 89511 \n"
    "MA-L,8C1F64,Private,\n";

struct Lists {
  TemporaryFolder folder;
  VendorList list{folder.path()};
  Lists() {
    folder.write("oui.csv", oui);
    folder.write("mam.csv", "Registry,…\nMA-M,741AE09,Maker of sixteen,\n");
    folder.write("oui36.csv",
                 "Registry,…\nMA-S,70B3D5F2F,TELEPLATFORMS,\"Polbina st., 3/1 Moscow\"\n");
  }
};

}  // namespace

TEST_CASE_FIXTURE(Lists, "a MAC tells its maker") {
  CHECK(list.vendor_of("24:0a:c4:00:00:01") == "Espressif Inc.");
  CHECK(list.vendor_of("24:0A:C4:00:00:01") == "Espressif Inc.");
  CHECK(list.vendor_of("00:d0:ef:12:34:56") == "IGT, \"Inc.\"");
  CHECK(list.vendor_of("70:b3:d5:f2:f0:01") == "TELEPLATFORMS");
  CHECK(list.vendor_of("74:1a:e0:91:23:45") == "Maker of sixteen");
}

TEST_CASE_FIXTURE(Lists, "nobody made an address that is nobody's") {
  CHECK(!list.vendor_of("8c:1f:64:00:00:01"));  // keeps its name to itself
  CHECK(!list.vendor_of("70:b3:d5:00:00:01"));
  CHECK(!list.vendor_of("26:0a:c4:00:00:01"));  // made up by the device
  CHECK(!list.vendor_of("25:0a:c4:00:00:01"));  // a group
  CHECK(!list.vendor_of(""));
  CHECK(!list.vendor_of("24:0a:c4"));
  CHECK(!VendorList("/nowhere").vendor_of("24:0a:c4:00:00:01"));
}

TEST_CASE("Debian's list") {
  if (::access("/usr/share/ieee-data/oui.csv", R_OK) != 0)
    AIOT_SKIP("the IEEE's list is not here: apt-get install ieee-data");
  VendorList list;
  CHECK(list.vendor_of("24:0a:c4:00:00:01") == "Espressif Inc.");
  CHECK(!list.vendor_of("fc:ff:ff:ff:ff:fd"));
}
