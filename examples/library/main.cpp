#include <aiot/firmware.hpp>
#include <aiot/flash.hpp>
#include <cstdio>
#include <vector>

/// firmware_check IMAGE [ADDRESS…]: explains an image, and reports which devices run it.
int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const auto image = aiot::firmware::explain(argv[1]);
  if (!image) {
    std::fprintf(stderr, "%s\n", image.error().message().c_str());
    return 3;
  }
  const std::string chip = image->image ? image->image->chip : "no ESP image";
  std::printf("%s: %llu bytes, %s, %zu problems\n", argv[1],
              static_cast<unsigned long long>(image->size_bytes), chip.c_str(),
              image->problems.size());
  std::vector<aiot::Address> devices;
  for (int i = 2; i < argc; ++i) {
    if (const auto address = aiot::parse_address(argv[i])) devices.push_back(*address);
  }
  if (devices.empty()) return image->problems.empty() ? 0 : 9;
  const auto report = aiot::flash::info(devices, {}, aiot::null_sink(), {});
  if (!report) return 1;
  for (const auto& device : report->devices) {
    const bool runs_it = device.result.chip == chip;
    std::printf("%s: %s %s\n", device.device.str().c_str(), device.result.mac.c_str(),
                device.error ? device.error->message().c_str() : runs_it ? "fits" : "another chip");
  }
  return aiot::all_ok(report->devices) ? 0 : 10;
}
