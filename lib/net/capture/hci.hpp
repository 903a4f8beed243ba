#pragma once

#include <list>
#include <vector>

#include "net/capture/advert_report.hpp"
#include "net/capture/record.hpp"

namespace aiot::net::capture {

/// Finds the LE advertising reports among HCI packets, and puts those together that come in pieces.
class HciAdverts {
 public:
  /// The advertisements that `record` completes; none for all else, and for links without HCI. What
  /// is not whole in an event is left out.
  std::vector<AdvertReport> take(const Record& record);

 private:
  /// An extended advertisement of which more is to come.
  struct Partial {
    std::uint8_t set = 0;
    AdvertReport report;
  };
  void legacy_reports(ByteSpan parameters, std::vector<AdvertReport>& out);
  void extended_reports(ByteSpan parameters, std::vector<AdvertReport>& out);
  void add_piece(AdvertReport piece, std::uint8_t set, unsigned status,
                 std::vector<AdvertReport>& out);

  std::list<Partial> partial_;  // the oldest first, few
};

}  // namespace aiot::net::capture
