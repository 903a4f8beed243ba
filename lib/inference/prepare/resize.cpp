#include "inference/prepare/resize.hpp"

#include <algorithm>

namespace aiot::inference {

Result<Resize> prepare_resize(const Node& node) {
  AIOT_TRY(const auto tensors, in_and_out(node, 2, 2));
  AIOT_TRY(const auto size, constant_integers(node, 1));
  if (size.size() != 2) return node.fail(Errc::bad_model, "a size that is not height and width");
  Resize resize;
  resize.bilinear = node.op().code == Code::resize_bilinear;
  resize.type = tensors.input->type;
  resize.input = node.input_index(0);
  resize.output = node.output_index();
  auto& s = resize.shape;
  AIOT_TRY(s.input, image_shape(node, *tensors.input, node.input_name(0)));
  s.output = {s.input.n, size[0], size[1], s.input.c};
  AIOT_CHECK(expect_shape(node, *tensors.output, {s.output.n, s.output.h, s.output.w, s.output.c},
                          node.output_name()));
  constexpr std::int32_t most = 1 << 15;  // keeps fixed point with 10 bits within 32
  if (std::max({s.input.h, s.input.w, s.output.h, s.output.w}) > most) {
    return node.fail(Errc::unsupported_option, "an image larger than 32768");
  }
  const auto& options = node.options<ResizeOptions>();
  s.align_corners = options.align_corners;
  s.half_pixel_centers = options.half_pixel_centers;
  if (resize.bilinear && s.align_corners && s.half_pixel_centers) {
    return node.fail(Errc::bad_model, "aligned corners and half pixel centers");
  }
  if (tensors.quantized()) {
    AIOT_CHECK(expect_same_quantization(node, *tensors.input, *tensors.output));
  }
  return resize;
}

}  // namespace aiot::inference
