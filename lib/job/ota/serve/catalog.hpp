#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/digest_set.hpp"
#include "job/ota/serve/files.hpp"
#include "protocol/ddi/message.hpp"

namespace aiot::ota {

/// A file that devices can be offered.
struct Artifact {
  std::string product;
  std::string version;
  std::vector<std::string> hardware;
  std::vector<std::string> devices;  ///< that shall have it, whatever else there is
  std::string path;                  ///< below the served folder
  std::string file_name;             ///< without a hash in front
  std::uint64_t bytes = 0;
  crypto::DigestSet::Values digests;

  std::string title() const { return product + " " + version; }
};

/// Digests of files by device, inode, size and time of change.
using DigestCache = std::map<std::string, crypto::DigestSet::Values>;

/// The artifacts of a TUF repository in the served folder, and of a list beside it.
class Catalog {
 public:
  /// A repository need not be there; `list_file` may be "". A list names files below the folder:
  ///
  ///     display-1.2.0:
  ///       file: display.swu
  ///       product: display
  ///       version: 1.2.0
  ///       hardware: rev-a, rev-b
  ///       devices: bench-1
  ///
  /// A target of the repository whose file is missing or damaged is left out, and is in faults().
  /// Errc::artifacts.
  static Result<Catalog> read(const ServedFolder& folder, const std::string& list_file,
                              DigestCache& cache);

  const std::vector<Artifact>& artifacts() const { return artifacts_; }
  /// "lamp/1.0.0/lamp.bin: missing", …
  const std::vector<std::string>& faults() const { return faults_; }
  /// The newest for a product and a hardware; "" is any hardware. nullptr: none.
  const Artifact* newest(std::string_view product, std::string_view hardware) const;
  /// What a device shall run, by its name, or by its attributes `product` and `hardware`.
  const Artifact* wanted(const std::string& device, const ddi::Attributes& attributes) const;

 private:
  std::vector<Artifact> artifacts_;
  std::vector<std::string> faults_;
};

}  // namespace aiot::ota
