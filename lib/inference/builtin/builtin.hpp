#pragma once

#include <span>
#include <string_view>

#include "aiot/result.hpp"
#include "inference/model/model.hpp"

namespace aiot::inference {

/// The architectures of MLPerf Tiny v1 with weights from a seeded generator: what they compute
/// means nothing, what they cost is that of the real ones.
///   kws  keyword spotting: DS-CNN, 49 x 10 -> 12, 2.657 M MACs
///   vww  visual wake words: MobileNet v1 0.25, 96 x 96 x 3 -> 2, 7.490 M MACs
///   ic   image classification: ResNet-8, 32 x 32 x 3 -> 10, 12.50 M MACs
///   ad   anomaly detection: autoencoder, 640 -> 640, 0.264 M MACs
std::span<const std::string_view> builtin_names();

/// The same bytes on every machine. Errc::unknown_builtin.
Result<Model> builtin_model(std::string_view name);

}  // namespace aiot::inference
