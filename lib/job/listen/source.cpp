#include "job/listen/source.hpp"

#include "net/error.hpp"

namespace aiot::listen {

net::Task<void> Source::send(Bytes) {
  co_return make_error(net::Errc::not_supported, "sending",
                       "nothing can be sent to this kind of address");
}

}  // namespace aiot::listen
