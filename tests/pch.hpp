// The tests' framework, and what most of the library's headers bring; see cmake/pch.cmake.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "../cmake/pch.hpp"
