#pragma once

#include "context.hpp"

/// The handlers of `flash`: options -> Request -> job -> renderer. Each returns the exit code.
namespace aiot::cli::command {

int flash_write(Context& context);
int flash_verify(Context& context);
int flash_read(Context& context);
int flash_erase(Context& context);
int flash_info(Context& context);
int flash_reset(Context& context);
int flash_image(Context& context);
int flash_merge(Context& context);

}  // namespace aiot::cli::command
