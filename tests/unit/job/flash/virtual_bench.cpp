#include "virtual_bench.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace aiot::flash::test {

int Recorder::terminal_events() const {
  return static_cast<int>(std::count_if(events.begin(), events.end(), [](const Event& event) {
    return std::holds_alternative<event::Finished>(event) ||
           std::holds_alternative<event::Failed>(event);
  }));
}

const event::Notice* Recorder::find(std::string_view code) const {
  for (const Event& event : events) {
    const auto* notice = std::get_if<event::Notice>(&event);
    if (notice != nullptr && notice->code == code) return notice;
  }
  return nullptr;
}

std::vector<std::string> Recorder::steps() const {
  std::vector<std::string> names;
  for (const Event& event : events) {
    if (const auto* step = std::get_if<event::Step>(&event)) names.push_back(step->name);
  }
  return names;
}

std::optional<esp::Stub> some_stub(const esp::Chip& chip) {
  esp::Stub stub;
  stub.chip = &chip;
  stub.entry = 0x400BE5AC;
  stub.text = Bytes(2000, 0x11);
  stub.text_start = 0x400BE000;
  stub.data = Bytes(40, 0x22);
  stub.data_start = 0x3FFDEBA8;
  return stub;
}

VirtualBench::VirtualBench(const std::string& chip, const std::vector<std::string>& faults,
                           Bytes flash, std::uint64_t flash_size, std::uint32_t baud_limit,
                           const std::function<void(esp::device::Options&)>& adjust) {
  esp::device::Options options;
  options.chip = chip;
  options.mac = {0x24, 0x0A, 0xC4, 0x00, 0x00, 0x01};
  options.profile = *esp::device::find_profile("");
  options.baud_limit = baud_limit;
  if (adjust) adjust(options);
  for (const std::string& text : faults) {
    auto fault = esp::device::parse_fault(text);
    REQUIRE_MESSAGE(fault.has_value(), text);
    options.faults.push_back(*fault);
  }
  auto memory = esp::device::FlashMemory::in_memory(flash_size);
  REQUIRE(memory.has_value());
  if (!flash.empty()) memory->program(0, flash);
  auto device = esp::device::Device::make(std::move(options), *std::move(memory));
  REQUIRE(device.has_value());
  device_ = *std::move(device);
  environment.clock = &clock;
  environment.open = [this](Address,
                            net::OpenOptions open) -> net::Task<std::unique_ptr<net::Link>> {
    std::unique_ptr<net::Link> link =
        std::make_unique<net::MemoryLink>(clock, *device_, open.baud_bps);
    co_return wrap ? wrap(std::move(link)) : std::move(link);
  };
  environment.find_stub = [](const esp::Chip& wanted, std::uint32_t,
                             const std::string&) -> Result<std::optional<esp::Stub>> {
    return some_stub(wanted);
  };
  clock.set_limit(std::chrono::minutes(30));
}

Work<WriteResult> write_operation(Planner& planner, Compressor& compressor,
                                  const WriteRequest& request) {
  return [&](Device& device, WriteResult& result) {
    return write_device(device, result, planner, compressor, request);
  };
}
Work<VerifyResult> verify_operation(Planner& planner, const VerifyRequest& request) {
  return [&](Device& device, VerifyResult& result) {
    return verify_device(device, result, planner, request);
  };
}
Work<ReadResult> read_operation(const ReadRequest& request) {
  return [&](Device& device, ReadResult& result) { return read_device(device, result, request); };
}
Work<EraseResult> erase_operation(const EraseRequest& request) {
  return [&](Device& device, EraseResult& result) { return erase_device(device, result, request); };
}

Bytes VirtualBench::flash() const {
  const ByteSpan contents = device_->flash().contents();
  return {contents.begin(), contents.end()};
}

TemporaryFile::TemporaryFile(ByteSpan bytes, const std::string& name) {
  folder_ = (std::filesystem::temp_directory_path() / "aiot-XXXXXX").string();
  REQUIRE(::mkdtemp(folder_.data()) != nullptr);
  path_ = folder_ + "/" + name;
  std::ofstream file(path_, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

TemporaryFile::~TemporaryFile() { std::filesystem::remove_all(folder_); }

Bytes test_bytes(std::size_t size, std::uint32_t seed) {
  Bytes out(size);
  std::uint32_t random = seed * 2654435761U + 1;
  for (std::size_t i = 0; i < size; ++i) {
    random = random * 1664525U + 1013904223U;
    out[i] =
        i % 2 == 0 ? static_cast<std::uint8_t>(random >> 24) : static_cast<std::uint8_t>(i >> 9);
  }
  return out;
}

}  // namespace aiot::flash::test
