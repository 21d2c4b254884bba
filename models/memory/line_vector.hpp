// SPDX-License-Identifier: Apache-2.0
// A vector that begins at a cache line of the host: a set of tags then is in no more lines than it must be.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace bbmsim::memory {

template <class T>
struct LineAllocator {
    using value_type = T;
    static constexpr std::align_val_t kAlignment{64};

    LineAllocator() = default;
    template <class U>
    LineAllocator(const LineAllocator<U>&) {}
    T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), kAlignment)); }
    void deallocate(T* p, std::size_t) { ::operator delete(p, kAlignment); }
    bool operator==(const LineAllocator&) const { return true; }
};

template <class T>
using LineVector = std::vector<T, LineAllocator<T>>;

}  // namespace bbmsim::memory
