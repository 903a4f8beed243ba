#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/pair.hpp"
#include "provisioning/error.hpp"

/// What all pairing protocols share: the stages, the causes of failure, and the faults of virtual
/// devices.
namespace aiot::provisioning {

using pair::Secrets;
using pair::Stage;
using pair::WifiCredentials;

/// Receives how far a session has come: the job's progress, or a test.
class Flow {
 public:
  virtual ~Flow() = default;
  /// A stage is reached. In the order of Stage, each at most once.
  virtual void reached(Stage stage) = 0;
  /// The step that leads to `stage` begins: for `confirmed`, which no other step implies.
  virtual void begin(Stage) {}
  /// For people, under -v; never a secret.
  virtual void log(std::string text) = 0;
};

/// What a virtual device does wrong.
enum class FaultKind {
  wrong_state,      ///< answers as if it were in another state, such as provisioned already
  silent,           ///< does not answer any more
  drop,             ///< closes the link
  garbage,          ///< answers with bytes of no meaning
  refuse_password,  ///< its network refuses the password
  no_network,       ///< it does not find the network
  no_address,       ///< it joins, and gets no address
  vanish,           ///< it joins and closes its access point before it reports that
};
struct Fault {
  FaultKind kind = FaultKind::silent;
  Stage stage = Stage::authenticated;  ///< at the step that leads to this stage
};
/// "silent@authenticated", "refuse-password". Errc::bad_fault names what there is.
Result<Fault> parse_fault(std::string_view text);
std::string fault_grammar();
/// Whether `faults` have `kind` (at `stage`).
bool has_fault(std::span<const Fault> faults, FaultKind kind);
bool has_fault(std::span<const Fault> faults, FaultKind kind, Stage stage);

}  // namespace aiot::provisioning
