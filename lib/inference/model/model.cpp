#include "inference/model/model.hpp"

namespace aiot::inference {

std::string_view name_of(Type type) {
  switch (type) {
    case Type::float32: return "FLOAT32";
    case Type::float16: return "FLOAT16";
    case Type::int32: return "INT32";
    case Type::uint8: return "UINT8";
    case Type::int64: return "INT64";
    case Type::string: return "STRING";
    case Type::boolean: return "BOOL";
    case Type::int16: return "INT16";
    case Type::int8: return "INT8";
    case Type::int4: return "INT4";
  }
  return "of an unknown type";
}

std::size_t size_of(Type type) {
  switch (type) {
    case Type::float32:
    case Type::int32: return 4;
    case Type::float16:
    case Type::int16: return 2;
    case Type::int64: return 8;
    case Type::uint8:
    case Type::int8:
    case Type::boolean: return 1;
    case Type::string:
    case Type::int4: return 0;
  }
  return 0;
}

std::size_t Tensor::elements() const {
  std::size_t product = 1;
  for (const auto extent : shape) product *= static_cast<std::size_t>(extent);
  return product;
}

}  // namespace aiot::inference
