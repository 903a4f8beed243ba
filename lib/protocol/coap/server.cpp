#include "protocol/coap/server.hpp"

#include <algorithm>

#include "protocol/coap/message.hpp"

namespace aiot::coap {
namespace {

using Endpoint = net::asio::ip::udp::endpoint;

constexpr std::string_view directory_path = "/.well-known/core";
constexpr std::uint8_t largest_block = 6;
constexpr net::Duration ack_timeout = std::chrono::seconds(2);
constexpr int max_retransmit = 4;

bool is_known_critical(std::uint16_t number) {
  switch (number) {
    case option::uri_host:
    case option::uri_port:
    case option::uri_path:
    case option::uri_query:
    case option::accept:
    case option::block2: return true;
    default: return false;
  }
}

bool has_unknown_critical(const Options& options) {
  return std::ranges::any_of(options, [](const Option& o) {
    return option::is_critical(o.number) && !is_known_critical(o.number);
  });
}

}  // namespace

void Server::add(Resource resource) {
  const auto it = std::find_if(resources_.begin(), resources_.end(),
                               [&](const Resource& r) { return r.path == resource.path; });
  if (it == resources_.end()) {
    resources_.push_back(std::move(resource));
  } else {
    *it = std::move(resource);
  }
}

const Resource* Server::find(std::string_view path) const {
  const auto it = std::find_if(resources_.begin(), resources_.end(),
                               [&](const Resource& r) { return r.path == path; });
  return it == resources_.end() ? nullptr : &*it;
}

void Server::set_value(net::TimePoint now, std::string_view path, Bytes value) {
  const auto it = std::find_if(resources_.begin(), resources_.end(),
                               [&](const Resource& r) { return r.path == path; });
  if (it == resources_.end()) return;
  it->value = std::move(value);
  sequence_ = (sequence_ + 1) & 0xFFFFFFU;
  for (Observer& o : observers_) {
    if (o.path != path) continue;
    if (o.again_at) {
      o.outdated = true;
    } else {
      notify(now, o);
    }
  }
}

void Server::notify(net::TimePoint now, Observer& observer) {
  compose(observer);
  observer.sent_times = 1;
  observer.timeout = ack_timeout;
  observer.again_at = now + observer.timeout;
  send(observer.peer, observer.sent);
}

void Server::compose(Observer& observer) {
  const MessageView plain;  // a notification is what a GET without options would bring
  Message message = content(plain, *find(observer.path));
  message.type = Type::confirmable;
  message.id = next_id_++;
  message.token = observer.token;
  message.add_uint(option::observe, sequence_);
  observer.id = message.id;
  observer.sent = encode(message);
  observer.outdated = false;
}

void Server::on_datagram(net::TimePoint now, const net::Datagram& datagram) {
  const Result<MessageView> decoded = decode(datagram.payload);
  if (!decoded) return;
  const MessageView& message = *decoded;
  if (message.code == Code::empty) return on_empty(now, message, datagram.from);
  const bool confirmable = message.type == Type::confirmable;
  if (!is_request(message.code) || (!confirmable && message.type != Type::non_confirmable)) return;
  const bool to_group = datagram.to.address().is_multicast();
  Message reply = answer(message, datagram);
  if (to_group && code_class(reply.code) != 2) return;
  reply.token = as_vector(message.token);
  reply.type = confirmable ? Type::acknowledgement : Type::non_confirmable;
  reply.id = confirmable ? message.id : next_id_++;
  send(datagram.from, encode(reply), datagram.interface);
}

Message Server::answer(const MessageView& request, const net::Datagram& from) {
  Message reply;
  reply.code = Code::bad_option;
  if (has_unknown_critical(request.options)) return reply;
  const std::string path = request.options.path();
  const bool wants_directory = path == directory_path;
  const Resource* resource = find(path);
  reply.code = Code::not_found;
  if (resource == nullptr && !wants_directory) return reply;
  reply.code = Code::method_not_allowed;
  if (request.code != Code::get) return reply;
  if (wants_directory) {
    const Resource list = directory(request);
    // Nothing passes the filter: a group gets no such answer (RFC 6690, 4.1).
    reply.code = Code::not_found;
    if (list.value.empty() && from.to.address().is_multicast()) return reply;
    return content(request, list);
  }
  reply = content(request, *resource);
  observe(request, *resource, from.from, reply);
  return reply;
}

Message Server::content(const MessageView& request, const Resource& resource) const {
  Message reply;
  const std::optional<std::uint32_t> accept = request.options.find_uint(option::accept);
  reply.code = Code::not_acceptable;
  if (accept && *accept != resource.content_format) return reply;
  Block block;
  block.size_exponent = largest_block;
  if (const std::optional<ByteSpan> wanted = request.options.find(option::block2)) {
    const std::optional<Block> parsed = parse_block(*wanted);
    reply.code = Code::bad_request;
    if (!parsed || parsed->offset_bytes() > resource.value.size()) return reply;
    block = *parsed;
  }
  const ByteSpan rest = ByteSpan(resource.value).subspan(block.offset_bytes());
  const ByteSpan part = rest.first(std::min(rest.size(), block.size_bytes()));
  block.more = part.size() < rest.size();
  reply.code = Code::content;
  reply.add_uint(option::content_format, resource.content_format);
  if (resource.observable) {
    reply.add_uint(option::max_age, static_cast<std::uint32_t>(resource.max_age.count()));
  }
  if (block.more || block.number != 0) reply.add_uint(option::block2, block.value());
  reply.payload = as_vector(part);
  return reply;
}

Resource Server::directory(const MessageView& request) const {
  const std::string filter = request.options.query();
  std::vector<Link> links;
  for (const Resource& r : resources_) {
    Link link{r.path, r.attributes};
    if (r.observable) link.attributes.push_back({"obs", ""});
    if (filter.empty() || matches_filter(link, filter)) links.push_back(std::move(link));
  }
  Resource out;
  out.path = directory_path;
  out.content_format = format::link;
  out.value = as_vector(as_bytes(format_links(links)));
  return out;
}

void Server::observe(const MessageView& request, const Resource& resource, const Endpoint& peer,
                     Message& reply) {
  const std::optional<std::uint32_t> wish = request.options.find_uint(option::observe);
  if (!wish || !resource.observable || reply.code != Code::content) return;
  forget(peer, request.token);
  if (*wish != 0 || observers_.size() == max_observers) return;
  Observer observer;
  observer.peer = peer;
  observer.token = as_vector(request.token);
  observer.path = resource.path;
  observers_.push_back(std::move(observer));
  reply.add_uint(option::observe, sequence_);
}

void Server::forget(const Endpoint& peer, ByteSpan token) {
  std::erase_if(observers_, [&](const Observer& o) {
    return o.peer == peer && std::ranges::equal(o.token, token);
  });
}

void Server::on_empty(net::TimePoint now, const MessageView& message, const Endpoint& peer) {
  const auto it = std::find_if(observers_.begin(), observers_.end(), [&](const Observer& o) {
    return o.peer == peer && o.id == message.id && o.sent_times > 0;
  });
  if (message.type == Type::confirmable) {  // a ping: RFC 7252, 4.3
    Message pong;
    pong.type = Type::reset;
    pong.id = message.id;
    send(peer, encode(pong));
  } else if (it != observers_.end() && message.type == Type::reset) {
    observers_.erase(it);
  } else if (it != observers_.end()) {
    it->again_at.reset();
    if (it->outdated) notify(now, *it);
  }
}

std::optional<net::TimePoint> Server::next_timer() const {
  std::optional<net::TimePoint> first;
  for (const Observer& o : observers_) {
    if (o.again_at && (!first || *o.again_at < *first)) first = o.again_at;
  }
  return first;
}

void Server::on_timer(net::TimePoint now) {
  std::erase_if(observers_, [&](const Observer& o) {
    return o.again_at && *o.again_at <= now && o.sent_times > max_retransmit;
  });
  for (Observer& o : observers_) {
    if (!o.again_at || *o.again_at > now) continue;
    ++o.sent_times;
    o.timeout *= 2;
    o.again_at = now + o.timeout;
    if (o.outdated) compose(o);
    send(o.peer, o.sent);
  }
}

void Server::send(const Endpoint& to, Bytes payload, unsigned interface) {
  output_.push_back({to, std::move(payload), interface});
}

std::optional<net::OutgoingDatagram> Server::take_output() {
  if (output_.empty()) return std::nullopt;
  net::OutgoingDatagram out = std::move(output_.front());
  output_.pop_front();
  return out;
}

}  // namespace aiot::coap
