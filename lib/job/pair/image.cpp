#include <fmt/format.h>

#include <fcntl.h>

#include <array>
#include <set>

#include "aiot/pair.hpp"
#include "core/file.hpp"
#include "core/module.hpp"
#include "provisioning/error.hpp"

namespace aiot::pair {
namespace {

using provisioning::Errc;

constexpr std::uint64_t largest_file_bytes = 32 * 1024 * 1024;
/// Of a photo; a byte each.
constexpr std::uint64_t most_pixels = 64 * 1024 * 1024;

/// libpng's simplified interface: png_image of <png.h>, version 1 (PNG_IMAGE_VERSION).
struct PngImage {
  void* opaque = nullptr;
  std::uint32_t version = 1;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint32_t format = 0;  ///< PNG_FORMAT_GRAY
  std::uint32_t flags = 0;
  std::uint32_t colormap_entries = 0;
  std::uint32_t warning_or_error = 0;
  std::array<char, 64> message{};
};

/// Points of one byte each, row by row: 0 is black.
struct GreyImage {
  unsigned width = 0;
  unsigned height = 0;
  Bytes points;
};

Error bad_image(std::string why, std::string hint) {
  return make_error(Errc::bad_code, std::move(why), std::move(hint));
}

template <class F>
Result<F*> function(const Module& module, const char* name, std::string_view package) {
  F* found = module.function<F>(name);
  if (found == nullptr) return too_old(std::string(package), name, package);
  return found;
}

Result<GreyImage> decode_png(const std::string& path, ByteSpan file) {
  AIOT_TRY(const Module png, Module::open("libpng16.so.16", "libpng16-16"));
  AIOT_TRY(auto* const begin, function<int(PngImage*, const void*, std::size_t)>(
                                  png, "png_image_begin_read_from_memory", "libpng16-16"));
  AIOT_TRY(auto* const finish, function<int(PngImage*, const void*, void*, std::int32_t, void*)>(
                                   png, "png_image_finish_read", "libpng16-16"));
  AIOT_TRY(auto* const release, function<void(PngImage*)>(png, "png_image_free", "libpng16-16"));
  PngImage image;
  if (begin(&image, file.data(), file.size()) == 0) {
    return bad_image(path + ": not a PNG file", "convert the picture to PNG");
  }
  const std::uint64_t pixels = std::uint64_t{image.width} * image.height;
  if (pixels > most_pixels) {
    release(&image);
    return bad_image(fmt::format("{}: {} x {} points", path, image.width, image.height),
                     "cut out the code, or scale the picture down");
  }
  // What is transparent shows the white below it.
  GreyImage out{image.width, image.height, Bytes(pixels, 0xFF)};
  image.format = 0;
  if (finish(&image, nullptr, out.points.data(), 0, nullptr) == 0) {
    release(&image);
    return bad_image(path + ": the PNG file is damaged", "take the picture again");
  }
  return out;
}

/// The texts of all QR codes in a picture.
Result<std::set<std::string>> find_codes(const GreyImage& grey) {
  constexpr std::string_view package = "libzbar0";
  constexpr int qr_code = 64;    // ZBAR_QRCODE
  constexpr int config_on = 0;   // ZBAR_CFG_ENABLE
  constexpr unsigned long y800 = 0x30303859;  // the only pixels that zbar takes
  struct Scanner;
  struct Image;
  struct Symbol;
  using Cleanup = void(Image*);
  AIOT_TRY(const Module zbar, Module::open("libzbar.so.0", package));
  AIOT_TRY(auto* const new_scanner,
           function<Scanner*()>(zbar, "zbar_image_scanner_create", package));
  AIOT_TRY(auto* const end_scanner,
           function<void(Scanner*)>(zbar, "zbar_image_scanner_destroy", package));
  AIOT_TRY(auto* const configure, function<int(Scanner*, int, int, int)>(
                                      zbar, "zbar_image_scanner_set_config", package));
  AIOT_TRY(auto* const scan, function<int(Scanner*, Image*)>(zbar, "zbar_scan_image", package));
  AIOT_TRY(auto* const new_image, function<Image*()>(zbar, "zbar_image_create", package));
  AIOT_TRY(auto* const end_image, function<void(Image*)>(zbar, "zbar_image_destroy", package));
  AIOT_TRY(auto* const set_format,
           function<void(Image*, unsigned long)>(zbar, "zbar_image_set_format", package));
  AIOT_TRY(auto* const set_size,
           function<void(Image*, unsigned, unsigned)>(zbar, "zbar_image_set_size", package));
  AIOT_TRY(auto* const set_data, function<void(Image*, const void*, unsigned long, Cleanup*)>(
                                     zbar, "zbar_image_set_data", package));
  AIOT_TRY(auto* const first,
           function<const Symbol*(const Image*)>(zbar, "zbar_image_first_symbol", package));
  AIOT_TRY(auto* const next, function<const Symbol*(const Symbol*)>(zbar, "zbar_symbol_next", package));
  AIOT_TRY(auto* const data, function<const char*(const Symbol*)>(zbar, "zbar_symbol_get_data", package));
  AIOT_TRY(auto* const length,
           function<unsigned(const Symbol*)>(zbar, "zbar_symbol_get_data_length", package));

  Scanner* scanner = new_scanner();
  configure(scanner, 0, config_on, 0);
  configure(scanner, qr_code, config_on, 1);
  Image* image = new_image();
  set_format(image, y800);
  set_size(image, grey.width, grey.height);
  set_data(image, grey.points.data(), grey.points.size(), nullptr);
  std::set<std::string> codes;
  if (scan(scanner, image) > 0) {
    for (const Symbol* symbol = first(image); symbol != nullptr; symbol = next(symbol)) {
      codes.emplace(data(symbol), length(symbol));
    }
  }
  end_image(image);
  end_scanner(scanner);
  return codes;
}

}  // namespace

Result<std::string> read_code_image(const std::string& path) {
  const file::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) {
    return bad_image(fmt::format("{}: {}", path, file::last_error().message()),
                     "name a picture that this user may read");
  }
  const auto bytes = file::read_all(file.get(), largest_file_bytes);
  if (!bytes) {
    return bad_image(fmt::format("{}: {}", path, bytes.error().message()), "name a PNG picture");
  }
  AIOT_TRY(const GreyImage image, decode_png(path, *bytes));
  AIOT_TRY(const std::set<std::string> codes, find_codes(image));
  if (codes.size() != 1) {
    return bad_image(fmt::format("{}: {} QR codes in the picture", path, codes.size()),
                     codes.empty() ? "take the picture from nearer, with even light"
                                   : "cut out the code of one device");
  }
  return *codes.begin();
}

}  // namespace aiot::pair
