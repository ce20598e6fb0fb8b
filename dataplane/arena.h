// SPDX-License-Identifier: BSD-3-Clause
// A zeroed array of fixed size, taken from huge pages when there are any, outside core dumps. Without
// huge pages memory is touched only as it is used. Position-independent content only: indices.
#pragma once

#include <sys/mman.h>

#include <cstddef>

#include "common/check.h"

namespace cfr {

template <class T>
class Arena {
 public:
  explicit Arena(size_t count) : count_(count), bytes_(Rounded(count * sizeof(T))) {
    constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS;
    void* p = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, kFlags | MAP_HUGETLB, -1, 0);
    if (p == MAP_FAILED) {
      p = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, kFlags | MAP_NORESERVE, -1, 0);
      CFR_CHECK(p != MAP_FAILED, "no address space for a flow arena");
      madvise(p, bytes_, MADV_HUGEPAGE);
    }
    madvise(p, bytes_, MADV_DONTDUMP);
    data_ = static_cast<T*>(p);
  }
  ~Arena() { munmap(data_, bytes_); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  size_t count() const { return count_; }
  size_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kPage = size_t{2} << 20;
  static size_t Rounded(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

  size_t count_, bytes_;
  T* data_;
};

}  // namespace cfr
