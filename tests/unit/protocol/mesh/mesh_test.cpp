// Frames and keys: Mesh Profile 1.0.1, 8.1 and 8.7 (sample data).
#include <doctest/doctest.h>

#include "crypto/aes.hpp"
#include "crypto/ec.hpp"
#include "protocol/mesh/device.hpp"

namespace aiot::mesh::test {
namespace {

using namespace std::chrono_literals;
using provisioning::FaultKind;
using provisioning::Stage;

Key key(std::string_view hex) {
  Key out{};
  std::ranges::copy(*from_hex(hex), out.begin());
  return out;
}

const Key uuid = key("70cf7c9732a345b691494810d2e9cbf4");
constexpr std::string_view device_secret =
    "529aa0670d72cd6497502ed473502b037e8803b5c60829a5a3caa219505530ba";
constexpr std::string_view shared =
    "ab85843a2f6d883f62e5684b38e307335fe6e1945ecd19604105c6f23221eb69";

// The provisioner's side of 8.7, in its order.
constexpr const char* open_link = "23af5850000370cf7c9732a345b691494810d2e9cbf4";
constexpr const char* invite = "23af585000000002140000";
constexpr const char* start = "23af58500100000664020000000000";
constexpr const char* key_parts[] = {"23af585002080041d1032c31a47b5779809ef44cb5eaaf5c3e43d5f8fa",
                                     "23af58500206ad4a8794cb987e9b03745c78dd919512183898dfbecd52",
                                     "23af5850020ae2408e43871fd021109117bd3ed4eaf8437743715d4f"};
constexpr const char* confirmation = "23af585003000011d105b38a114dfdca1fe153bd2c1e0dc46ac2";
constexpr const char* random_number = "23af585004000011d3068b19ac31d58b124c946209b5db1021b9";
constexpr const char* data_parts[] = {"23af5850050400228b07d0bd7f4a89a2ff6222af59a90a60ad58acfe31",
                                      "23af5850050623356f5cec2973e0ec50783b10c7"};
constexpr const char* close_link = "23af5850000b00";

DeviceOptions sample() {
  DeviceOptions options;
  options.uuid = uuid;
  options.secret = *from_hex(device_secret);
  options.random = key("55a2a2bca04cd32ff6f346bd0a0c1a3a");
  return options;
}

struct Bench {
  Device device;
  net::TimePoint now{1h};

  explicit Bench(DeviceOptions options) : device(std::move(options)) {}

  /// What it advertises in answer, in hexadecimal digits, a line each.
  std::string say(std::initializer_list<const char*> packets) {
    for (const char* packet : packets) device.on_packet(now, *from_hex(packet));
    return heard();
  }
  std::string heard() {
    std::string out;
    while (const auto packet = device.take_packet())
      out += (out.empty() ? "" : "\n") + to_hex(*packet);
    return out;
  }
  /// Its acknowledgement of a transaction, and nothing else.
  std::string acknowledge(const char* transaction) {
    const std::string packet = std::string("23af5850") + transaction + "01";
    return say({packet.c_str()});
  }
  /// Up to the device's public key.
  void shake_hands() {
    say({open_link, invite});
    acknowledge("80");
    say({start, key_parts[0], key_parts[1], key_parts[2]});
    acknowledge("81");
  }
};

}  // namespace

TEST_CASE("mesh: AES-CMAC, salts and keys") {
  // RFC 4493, 4, examples 1 and 2.
  const Bytes rfc = *from_hex("2b7e151628aed2a6abf7158809cf4f3c");
  CHECK(to_hex(crypto::aes_cmac(rfc, {})) == "bb1d6929e95937287fa37d129b756746");
  CHECK(to_hex(crypto::aes_cmac(rfc, *from_hex("6bc1bee22e409f96e93d7e117393172a"))) ==
        "070a16b46b4d4144f79bdd9dd04a287c");
  CHECK(to_hex(s1(as_bytes("test"))) == "b73cefbd641ef2ea598c2b6efb62f79c");  // 8.1.1
  // 8.1.2
  const Bytes purpose = *from_hex("5a09d60797eeb4478aada59db3352a0d");
  CHECK(to_hex(k1(*from_hex("3216d1509884b533248541792b877f98"),
                  key("2ba14ffa0df84a2831938d57d276cab4"), to_string(purpose))) ==
        "f6ed15a8934afbe7d83e8dcb57fcf5d7");

  const Bytes provisioner = *from_hex(
      "2c31a47b5779809ef44cb5eaaf5c3e43d5f8faad4a8794cb987e9b03745c78dd"
      "919512183898dfbecd52e2408e43871fd021109117bd3ed4eaf8437743715d4f");
  const Bytes own = crypto::ec_public(crypto::EcCurve::p256, *from_hex(device_secret));
  CHECK(to_hex(*crypto::ec_shared_x(crypto::EcCurve::p256, *from_hex(device_secret),
                                    provisioner)) == shared);
  Bytes inputs = *from_hex("0001000100000000000000000000000000");
  append(inputs, provisioner);
  append(inputs, own);
  const Confirmations confirmations(inputs, *from_hex(shared));
  CHECK(to_hex(confirmations.salt) == "5faabe187337c71cc6c973369dcaa79a");
  CHECK(to_hex(confirmations.key) == "e31fe046c68ec339c425fc6629f0336f");
  CHECK(to_hex(confirmations.of(key("8b19ac31d58b124c946209b5db1021b9"), {})) ==
        "b38a114dfdca1fe153bd2c1e0dc46ac2");
}

TEST_CASE("mesh: a whole provisioning, packet by packet") {
  Bench bench(sample());
  CHECK(to_hex(*bench.device.beacon()) == "0070cf7c9732a345b691494810d2e9cbf40000");
  CHECK(bench.say({open_link}) == "23af58500007");
  CHECK(!bench.device.beacon());
  CHECK(bench.say({invite}) == "23af58500001\n23af58508000000cd6010100010000000000000000");
  CHECK(bench.acknowledge("80").empty());
  CHECK(bench.say({start}) == "23af58500101");
  CHECK(bench.say({key_parts[0], key_parts[1]}).empty());
  CHECK(bench.say({key_parts[2]}) ==
        "23af58500201\n"
        "23af5850810800411003f465e43ff23d3f1b9dc7dfc04da8758184dbc9\n"
        "23af5850810666204796eccf0d6cf5e16500cc0201d048bcbbd899eeef\n"
        "23af5850810ac424164e33c201c2b010ca6b4d43a8a155cad8ecb279");
  CHECK(bench.acknowledge("81").empty());
  CHECK(bench.say({confirmation}) ==
        "23af58500301\n23af585082000011ec05eeba521c196b52cc2e37aa40329f554e");
  CHECK(bench.acknowledge("82").empty());
  CHECK(bench.say({random_number}) ==
        "23af58500401\n23af585083000011590655a2a2bca04cd32ff6f346bd0a0c1a3a");
  CHECK(bench.acknowledge("83").empty());
  CHECK(bench.say({data_parts[0], data_parts[1]}) == "23af58500501\n23af5850840000013e08");
  CHECK(bench.acknowledge("84").empty());
  CHECK(bench.say({close_link}).empty());
  REQUIRE(bench.device.node());
  const NodeData& node = *bench.device.node();
  CHECK(to_hex(node.network_key) == "efb2255e6422d330088e09bb015ed707");
  CHECK(to_hex(node.device_key) == "0520adad5e0142aa3e325087b4ec16d8");
  CHECK(node.key_index == 0x0567);
  CHECK(node.iv_index == 0x01020304);
  CHECK(node.address == 0x0b0c);
  // A node is no device to be provisioned any more.
  CHECK(!bench.device.beacon());
  CHECK(bench.say({open_link}).empty());
}

TEST_CASE("mesh: segments in another order, twice, damaged") {
  Bench bench(sample());
  bench.say({open_link, invite});
  bench.acknowledge("80");
  CHECK(bench.say({start, start}) == "23af58500101\n23af58500101");
  // The last one first belongs to nothing yet; it is repeated with the others.
  CHECK(bench.say({key_parts[2], key_parts[0], key_parts[2], key_parts[2]}).empty());
  const std::string answer = bench.say({key_parts[1]});
  CHECK(answer.starts_with("23af58500201\n23af585081080041"));
  // Repeated: acknowledged again, and that is all.
  CHECK(bench.say({key_parts[0]}) == "23af58500201");

  Bench damaged(sample());
  damaged.say({open_link, invite});
  damaged.acknowledge("80");
  CHECK(damaged.say({"23af58500100000665020000000000"}).empty());  // FCS
  CHECK(damaged.say({"23af58500100000764020000000000"}).empty());  // length
  CHECK(damaged.say({"23af58500104000664020000000000"}).empty());  // count of segments
  CHECK(damaged.say({"23af585101000006640200000000"}).empty());    // another link
  CHECK(damaged.say({"23af5850010000ffff64020000000000", "23af", ""}).empty());
  CHECK(damaged.say({start}) == "23af58500101");
}

TEST_CASE("mesh: what is not acknowledged is repeated, and then the link ends") {
  Bench bench(sample());
  bench.say({open_link, invite});
  const net::TimePoint begin = bench.now;
  int repeats = 0;
  while (bench.device.next_timer()) {
    bench.now = *bench.device.next_timer();
    bench.device.on_timer(bench.now);
    const std::string heard = bench.heard();
    if (heard == "23af5850000b01") break;  // link close: time-out
    CHECK(heard == "23af58508000000cd6010100010000000000000000");
    ++repeats;
  }
  CHECK(bench.now - begin == Bearer::transaction_time);
  CHECK(repeats == 149);
  CHECK(bench.device.beacon());
  // The next provisioner finds it as it was.
  CHECK(bench.say({"00000001000370cf7c9732a345b691494810d2e9cbf4"}) == "000000010007");
  bench.now += Bearer::idle_time;
  bench.device.on_timer(bench.now);
  CHECK(bench.heard() == "00000001000b01");
}

TEST_CASE("mesh: static OOB, and a provisioner that does not know it") {
  DeviceOptions options = sample();
  options.static_oob = key("00112233445566778899aabbccddeeff");
  Bench bench(options);
  CHECK(bench.say({open_link, invite}).find("010100010001") != std::string::npos);
  bench.acknowledge("80");
  // It asks for none, or for another kind: 5.4.4, invalid format.
  CHECK(bench.say({start}).find("0902") != std::string::npos);

  // Its confirmation is over zeros: it is found out before the device shows its number.
  options = sample();
  options.static_oob = key("00112233445566778899aabbccddeeff");
  Bench other(options);
  other.say({open_link, invite});
  other.acknowledge("80");
  const Bytes with_oob = *from_hex("020000010000");
  const std::string packet =
      "23af585001000006" + to_hex(Bytes{frame_check(with_oob)}) + to_hex(with_oob);
  other.say({packet.c_str(), key_parts[0], key_parts[1], key_parts[2]});
  other.acknowledge("81");
  other.say({confirmation});
  other.acknowledge("82");
  const std::string answer = other.say({random_number});
  CHECK(answer.find("0904") != std::string::npos);  // confirmation failed
  CHECK(answer.find("55a2a2bc") == std::string::npos);
  CHECK(!other.device.node());
}

TEST_CASE("mesh: PDUs out of their order, unknown ones, and the device's own key") {
  Bench bench(sample());
  bench.say({open_link});
  CHECK(bench.say({start}).find("0903") != std::string::npos);  // unexpected
  CHECK(bench.say({invite}) == "23af58500001");                 // nothing more comes of it

  Bench own_key(sample());
  own_key.say({open_link, invite});
  own_key.acknowledge("80");
  own_key.say({start});
  // 8.7.7 with the provisioner's transaction number.
  CHECK(own_key
            .say({"23af5850020800411003f465e43ff23d3f1b9dc7dfc04da8758184dbc9",
                  "23af5850020666204796eccf0d6cf5e16500cc0201d048bcbbd899eeef",
                  "23af5850020ac424164e33c201c2b010ca6b4d43a8a155cad8ecb279"})
            .find("0902") != std::string::npos);
}

TEST_CASE("mesh: faults") {
  const auto with = [](FaultKind kind, Stage stage) {
    DeviceOptions options = sample();
    options.faults = {{kind, stage}};
    return options;
  };
  Bench silent(with(FaultKind::silent, Stage::authenticated));
  silent.shake_hands();
  CHECK(silent.say({confirmation}) == "23af58500301");
  CHECK(silent.say({random_number}).empty());
  Bench drop(with(FaultKind::drop, Stage::joined));
  drop.shake_hands();
  drop.say({confirmation});
  drop.acknowledge("82");
  drop.say({random_number});
  drop.acknowledge("83");
  CHECK(drop.say({data_parts[0], data_parts[1]}).find("23af5850000b02") != std::string::npos);
  CHECK(!drop.device.node());
  Bench deaf(with(FaultKind::wrong_state, Stage::found));
  CHECK(deaf.say({open_link}).empty());
}

}  // namespace aiot::mesh::test
