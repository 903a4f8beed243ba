#include "board/uart.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace board {
namespace {

// Cortex-M System Design Kit, APB UART: programmer's model.
struct Uart {
  volatile std::uint32_t data, state, control, interrupt, divider;
};
Uart& uart() { return *reinterpret_cast<Uart*>(0x40004000); }
constexpr std::uint32_t state_tx_full = 1, state_rx_full = 2;
constexpr std::uint32_t control_tx = 1, control_rx = 2, control_rx_interrupt = 8;
constexpr std::uint32_t interrupt_rx = 2;
constexpr std::uint32_t clock_hz = 25'000'000, baud_bps = 115'200;

// Written by the interrupt, read by the application.
constexpr std::uint32_t size = 512;
std::array<char, size> ring;
std::atomic<std::uint32_t> written{0}, read{0};

}  // namespace

void uart_start() {
  uart().divider = clock_hz / baud_bps;
  uart().control = control_tx | control_rx | control_rx_interrupt;
  *reinterpret_cast<volatile std::uint32_t*>(0xE000E100) = 1;  // NVIC_ISER0: interrupt 0
}

void uart_write(std::string_view text) {
  for (const char c : text) {
    while (uart().state & state_tx_full) {
    }
    uart().data = static_cast<std::uint8_t>(c);
  }
}

int uart_read() {
  const auto at = read.load(std::memory_order_relaxed);
  if (at == written.load(std::memory_order_acquire)) return -1;
  const auto c = static_cast<unsigned char>(ring[at % size]);
  read.store(at + 1, std::memory_order_release);
  return c;
}

void uart_wait() {
  // With interrupts held back, one that comes between the look and the sleep ends the sleep.
  asm volatile("cpsid i" ::: "memory");
  if (read.load() == written.load()) asm volatile("wfi" ::: "memory");
  asm volatile("cpsie i" ::: "memory");
}

void uart_received() {
  uart().interrupt = interrupt_rx;
  while (uart().state & state_rx_full) {
    const auto c = static_cast<char>(uart().data);
    const auto at = written.load(std::memory_order_relaxed);
    if (at - read.load(std::memory_order_acquire) == size) continue;  // full: this one is lost
    ring[at % size] = c;
    written.store(at + 1, std::memory_order_release);
  }
}

}  // namespace board
