#pragma once

#include <optional>

#include "inference/external/xnnpack_library.hpp"
#include "inference/prepare/node.hpp"
#include "inference/reference/step.hpp"

namespace aiot::inference {

/// The operator of `node` made and set up on the tensors at `places`; nullopt for one that the
/// portable kernels have to do. Errc::engine_failed when XNNPACK refuses it, and the errors of the
/// operator's preparation.
Result<std::optional<XnnpackOperator>> make_xnnpack_operator(
    const std::shared_ptr<const XnnpackLibrary>& library, const Node& node, const Places& places,
    pthreadpool_t pool);

}  // namespace aiot::inference
