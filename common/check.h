// SPDX-License-Identifier: BSD-3-Clause
// Ends the program with a sentence when something that cannot be handled fails. For start-up and for
// our own bugs; a packet, a message or a configuration never gets here.
#pragma once

#include <cstdio>
#include <cstdlib>

#define CFR_CHECK(condition, sentence)                                                       \
  do {                                                                                       \
    if (!(condition)) [[unlikely]] {                                                         \
      std::fprintf(stderr, "<2>%s:%d: %s (%s)\n", __FILE__, __LINE__, sentence, #condition); \
      std::abort();                                                                          \
    }                                                                                        \
  } while (false)
