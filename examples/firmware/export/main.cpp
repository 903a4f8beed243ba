// aiot-export-model NAME MODEL OUTPUT.cpp: a network for the example firmware, from a .tflite file
// or a built-in architecture with seeded weights ("kws").
#include <algorithm>
#include <fstream>
#include <iostream>
#include <string>

#include "export/source.hpp"
#include "inference/builtin/builtin.hpp"
#include "inference/model/file.hpp"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: aiot-export-model NAME MODEL.tflite|BUILTIN OUTPUT.cpp\n";
    return 2;
  }
  const std::string name = argv[1];
  const std::string source_name = argv[2];
  const auto builtin = aiot::inference::builtin_names();
  const bool is_builtin = std::find(builtin.begin(), builtin.end(), source_name) != builtin.end();
  auto model = is_builtin ? aiot::inference::builtin_model(source_name)
                          : aiot::inference::read_model_file(source_name);
  if (!model) {
    std::cerr << "aiot-export-model: " << model.error().message() << '\n';
    return 3;
  }
  auto source = aiot::firmware::source_of(*model, name);
  if (!source) {
    std::cerr << "aiot-export-model: " << source.error().message() << '\n';
    return 3;
  }
  std::ofstream out(argv[3], std::ios::binary);
  out << *source;
  out.close();
  if (!out) {
    std::cerr << "aiot-export-model: " << argv[3] << " could not be written\n";
    return 5;
  }
  return 0;
}
