#pragma once

// Put in front of lib/inference/fast/avx_vnni.cpp: AVX-VNNI's instruction made of others.

#include <immintrin.h>
#include <simde/x86/avx512/dpbusd.h>

#define _mm256_dpbusd_avx_epi32(sum, unsigned_bytes, signed_bytes) \
  simde_mm256_dpbusd_epi32(sum, unsigned_bytes, signed_bytes)
