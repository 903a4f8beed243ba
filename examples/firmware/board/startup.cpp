// From reset to main(): variables, the FPU, constructors; and the table of vectors.
#include <cstddef>
#include <cstdint>

#include "board/uart.hpp"

int main();

extern "C" {
extern std::uint32_t _stack_top[], _data[], _data_end[], _data_load[], _bss[], _bss_end[];
using Constructor = void (*)();
extern Constructor _init_array[], _init_array_end[];

[[noreturn]] void reset() {
  // CPACR: full access to CP10 and CP11, before any code that touches the FPU (ARMv7-M, B3.2.20).
  auto& cpacr = *reinterpret_cast<volatile std::uint32_t*>(0xE000ED88);
  cpacr = cpacr | (0xFU << 20);
  asm volatile("dsb\n isb" ::: "memory");
  for (std::uint32_t *to = _data, *from = _data_load; to != _data_end;) *to++ = *from++;
  for (std::uint32_t* to = _bss; to != _bss_end;) *to++ = 0;
  for (Constructor* c = _init_array; c != _init_array_end; ++c) (*c)();
  main();
  for (;;) asm volatile("wfi");
}

/// A fault, or an interrupt that nobody enabled: stands still, where a debugger finds it.
[[noreturn]] void halt() {
  for (;;) asm volatile("wfi");
}
}

namespace {
using Handler = void (*)();
struct Vectors {
  void* stack;
  Handler system[15];
  Handler device[1];  // 0: UART 0 has received (AN386, interrupts)
};
[[gnu::section(".vectors"), gnu::used]] const Vectors vectors = {
    _stack_top,
    {reset, halt, halt, halt, halt, halt, nullptr, nullptr, nullptr, nullptr, halt, halt, nullptr,
     halt, halt},
    {board::uart_received}};
}  // namespace
