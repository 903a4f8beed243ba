#pragma once

#include <string_view>

/// UART 0 of the board (CMSDK APB UART, AN386), 115200 baud 8N1.
namespace board {

void uart_start();
/// Waits until all is on the line's way.
void uart_write(std::string_view text);
/// The next character received, -1 when there is none. What comes while the application works is
/// kept: up to 511 characters, then the newest are dropped.
int uart_read();
/// Sleeps until something has been received.
void uart_wait();
/// The interrupt's handler.
void uart_received();

}  // namespace board
