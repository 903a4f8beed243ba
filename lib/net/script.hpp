#pragma once

#include <string>
#include <variant>
#include <vector>

#include "aiot/bytes.hpp"
#include "net/link.hpp"

namespace aiot::net {

/// What the other end of a ScriptedLink does: a list of steps, met in order.
///
///     Script script;
///     script.expect("c0 00 08 24 00 …", "sync").after(2ms).reply("c0 01 08 …")
///           .expect_baud(921600).silence();
///
/// Bytes are given as literal bytes or as hex text (white space allowed; bad hex aborts: a bug).
class Script {
 public:
  /// The host writes exactly these bytes, in one write or several.
  Script& expect(Bytes bytes, std::string label = {});
  Script& expect(std::string_view hex, std::string label = {});
  /// These bytes reach the host, once what comes before has happened.
  Script& reply(Bytes bytes, std::string label = {});
  Script& reply(std::string_view hex, std::string label = {});
  /// The next replies and drops come this much later.
  Script& after(Duration time);
  /// The host sets this rate here. Without this step any change of rate is allowed and recorded.
  Script& expect_baud(std::uint32_t baud_bps);
  /// The host runs a line sequence here. Without this step any is allowed and recorded.
  Script& expect_lines();
  /// The link is lost here: reads and writes fail until reopen(), with which the script goes on.
  Script& drop();
  /// From here on the device says nothing and takes whatever is written: the script's last step.
  Script& silence();

  struct Expect {
    Bytes bytes;
    std::string label;
  };
  struct Reply {
    Bytes bytes;
    std::string label;
  };
  struct After {
    Duration time;
  };
  struct ExpectBaud {
    std::uint32_t baud_bps;
  };
  struct ExpectLines {};
  struct Drop {};
  struct Silence {};
  using Step = std::variant<Expect, Reply, After, ExpectBaud, ExpectLines, Drop, Silence>;
  const std::vector<Step>& steps() const { return steps_; }

  /// The same conversation with something going wrong in it.
  struct Faulty;
  /// For every reply: silence instead of it, half of it and then silence, the link lost instead of
  /// it and not coming back. A session run on each must end in an error, within its deadlines.
  std::vector<Faulty> with_each_fault() const;

 private:
  std::vector<Step> steps_;
};

struct Script::Faulty {
  std::string what;  ///< "silence instead of reply 3 (sync)"
  Script script;
};

}  // namespace aiot::net
