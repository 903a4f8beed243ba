#include "job/discover/questions.hpp"

#include <algorithm>

namespace aiot::discover {
namespace {

using namespace std::chrono_literals;

/// Rounds come so long after the one before; from then on each minute.
net::Duration pause_after(unsigned round) {
  switch (round % 3) {
    case 0: return 500ms;
    case 1: return 1s;
    default: return 1min;
  }
}

/// The second pass begins so long after the first, when that has ended by then.
constexpr net::Duration second_pass = 1s;
constexpr net::Duration later_passes = 1min;

}  // namespace

void Questions::add(const net::asio::ip::address& to, unsigned interface) {
  hosts_.push_back({to, interface});
}

void Questions::add(const Subnet& subnet) {
  subnets_.push_back(subnet);
  addresses_ += subnet.size();
}

net::TimePoint Questions::next() const {
  net::TimePoint out = net::TimePoint::max();
  if (!hosts_.empty()) out = std::min(out, rounds_at_);
  if (!subnets_.empty()) out = std::min(out, walk_at_);
  return out;
}

std::vector<net::OutgoingDatagram> Questions::take(net::TimePoint now) {
  std::vector<net::OutgoingDatagram> out;
  if (!hosts_.empty() && rounds_at_ <= now) take_round(now, out);
  if (!subnets_.empty() && walk_at_ <= now) take_steps(now, out);
  return out;
}

void Questions::take_round(net::TimePoint now, std::vector<net::OutgoingDatagram>& out) {
  const Bytes payload = make_(round_);
  for (const Host& host : hosts_) out.push_back({{host.address, port_}, payload, host.interface});
  rounds_at_ = now + pause_after(round_);
  ++round_;
}

void Questions::take_steps(net::TimePoint now, std::vector<net::OutgoingDatagram>& out) {
  const Bytes payload = make_(pass_);
  for (std::size_t i = 0; i < step; ++i) {
    const Subnet& subnet = subnets_[subnet_];
    out.push_back({{subnet.at(index_), port_}, payload, 0});
    if (pass_ == 0) ++asked_;
    if (++index_ < subnet.size()) continue;
    index_ = 0;
    if (++subnet_ < subnets_.size()) continue;
    subnet_ = 0;
    walk_at_ = std::max(now + pace, begin_ + (pass_ % 2 == 0 ? second_pass : later_passes));
    begin_ = walk_at_;
    ++pass_;
    return;
  }
  walk_at_ = now + pace;
}

}  // namespace aiot::discover
