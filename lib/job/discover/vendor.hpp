#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace aiot::discover {

/// Who a MAC address was assigned to: the IEEE's lists, as Debian's package ieee-data has them
/// (oui.csv with 24 bits a maker, mam.csv with 28, oui36.csv with 36). Read when first asked, by
/// a search through the mapped file. Without the package nobody is known.
class VendorList {
 public:
  explicit VendorList(std::string folder = "/usr/share/ieee-data") : folder_(std::move(folder)) {}

  /// "24:0a:c4:00:00:01" -> "Espressif Inc."; nullopt for an address that nobody was given (made
  /// up by the device, group addresses) and for makers who keep their name to themselves.
  std::optional<std::string> vendor_of(const std::string& mac);

 private:
  std::optional<std::string> look_up(const std::string& digits) const;

  std::string folder_;
  std::map<std::string, std::optional<std::string>, std::less<>> known_;
};

}  // namespace aiot::discover
