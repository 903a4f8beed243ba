#pragma once

#include <vector>

#include "aiot/listen.hpp"
#include "context.hpp"
#include "option.hpp"
#include "render/message_text.hpp"

namespace aiot::cli::command {

std::vector<Option> listen_options();

/// The addresses and the request that the options and the configuration describe, without input.
Result<std::vector<Address>> listen_sources(const Context& context);
Result<listen::Request> listen_request(const Context& context);

/// How messages look on standard output.
std::shared_ptr<render::MessageStyle> message_style(const Context& context, std::size_t sources);

}  // namespace aiot::cli::command
