#pragma once

/// Marks what libaiot.so offers; everything else is hidden.
#define AIOT_API __attribute__((visibility("default")))
