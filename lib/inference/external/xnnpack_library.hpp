#pragma once

#include <pthreadpool.h>
#include <xnnpack.h>

#include <memory>

#include "aiot/result.hpp"
#include "core/module.hpp"

namespace aiot::inference {

/// What is used of libpthreadpool.
struct ThreadPoolLibrary : ModuleFunctions {
  using ModuleFunctions::ModuleFunctions;
  AIOT_FUNCTION(create, pthreadpool_create);
  AIOT_FUNCTION(destroy, pthreadpool_destroy);
};

/// What is used of libXNNPACK.
struct XnnpackLibrary : ModuleFunctions {
  using ModuleFunctions::ModuleFunctions;
  AIOT_FUNCTION(initialize, xnn_initialize);
  AIOT_FUNCTION(run_operator, xnn_run_operator);
  AIOT_FUNCTION(delete_operator, xnn_delete_operator);
  AIOT_FUNCTION(create_convolution_qc8, xnn_create_convolution2d_nhwc_qc8);
  AIOT_FUNCTION(setup_convolution_qc8, xnn_setup_convolution2d_nhwc_qc8);
  AIOT_FUNCTION(create_fully_connected_qs8, xnn_create_fully_connected_nc_qs8);
  AIOT_FUNCTION(setup_fully_connected_qs8, xnn_setup_fully_connected_nc_qs8);
  AIOT_FUNCTION(create_add_qs8, xnn_create_add_nd_qs8);
  AIOT_FUNCTION(setup_add_qs8, xnn_setup_add_nd_qs8);
  AIOT_FUNCTION(create_mean_qs8, xnn_create_global_average_pooling_nwc_qs8);
  AIOT_FUNCTION(setup_mean_qs8, xnn_setup_global_average_pooling_nwc_qs8);
  AIOT_FUNCTION(create_convolution_f32, xnn_create_convolution2d_nhwc_f32);
  AIOT_FUNCTION(setup_convolution_f32, xnn_setup_convolution2d_nhwc_f32);
  AIOT_FUNCTION(create_fully_connected_f32, xnn_create_fully_connected_nc_f32);
  AIOT_FUNCTION(setup_fully_connected_f32, xnn_setup_fully_connected_nc_f32);
  AIOT_FUNCTION(create_add_f32, xnn_create_add_nd_f32);
  AIOT_FUNCTION(setup_add_f32, xnn_setup_add_nd_f32);
  AIOT_FUNCTION(create_mean_f32, xnn_create_global_average_pooling_nwc_f32);
  AIOT_FUNCTION(setup_mean_f32, xnn_setup_global_average_pooling_nwc_f32);
  AIOT_FUNCTION(create_softmax_f32, xnn_create_softmax_nc_f32);
  AIOT_FUNCTION(setup_softmax_f32, xnn_setup_softmax_nc_f32);
};

/// An operator of XNNPACK, given back when it is no longer used.
using XnnpackOperator = std::shared_ptr<struct xnn_operator>;

/// Errc::engine_failed, with the operator and XNNPACK's own reason, unless `status` is success.
Result<void> xnnpack_check(enum xnn_status status, const std::string& where);

}  // namespace aiot::inference
