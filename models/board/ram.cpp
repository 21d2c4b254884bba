// SPDX-License-Identifier: Apache-2.0
#include "models/board/ram.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

namespace bbmsim::board {
namespace {

u64 host_page_bytes() { return static_cast<u64>(::sysconf(_SC_PAGESIZE)); }

u64 round_up(u64 value, u64 unit) { return (value + unit - 1) / unit * unit; }

// Address space without commitment: pages appear, zeroed, when they are first written.
u8* reserve(u64 bytes, const char* what, u64 ram_bytes) {
    void* p = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) {
        const int error = errno;
        throw std::runtime_error(
            fmt::format("memory={} bytes: the host refused {} bytes of address space for {}: {} (errno {})", ram_bytes,
                        bytes, what, std::strerror(error), error));
    }
    // A transparent huge page would make one written page cost 2 MiB; sparse RAM is the point. Advice only: a kernel
    // without huge pages answers EINVAL, and has nothing to switch off.
    ::madvise(p, bytes, MADV_NOHUGEPAGE);
    return static_cast<u8*>(p);
}

}  // namespace

Ram::Ram(PhysAddr base, u64 bytes, bool zero_fill) {
    if (bytes == 0 || (bytes & kPageMask) != 0)
        throw std::invalid_argument(fmt::format("memory={} bytes is not a positive multiple of {}", bytes, kPageBytes));
    if ((base.raw() & kPageMask) != 0 || base.raw() + bytes < base.raw())
        throw std::invalid_argument(fmt::format("RAM at {:#x} of {} bytes is misaligned or wraps", base.raw(), bytes));
    view_.host = reserve(bytes, "RAM contents", bytes);
    const u64 flag_bytes = round_up(bytes >> kPageShift, host_page_bytes());
    try {
        view_.flags = reserve(flag_bytes, "RAM page flags", bytes);
    } catch (...) {
        ::munmap(view_.host, bytes);
        throw;
    }
    flag_area_bytes_ = flag_bytes;
    view_.base = base.raw();
    view_.bytes = bytes;
    view_.zero_fill = zero_fill;
}

Ram::~Ram() { release(); }

Ram::Ram(Ram&& other) noexcept
    : view_(std::exchange(other.view_, RamView{})), flag_area_bytes_(std::exchange(other.flag_area_bytes_, 0)) {}

Ram& Ram::operator=(Ram&& other) noexcept {
    if (this != &other) {
        release();
        view_ = std::exchange(other.view_, RamView{});
        flag_area_bytes_ = std::exchange(other.flag_area_bytes_, 0);
    }
    return *this;
}

void Ram::release() noexcept {
    if (view_.host != nullptr) ::munmap(view_.host, view_.bytes);
    if (view_.flags != nullptr) ::munmap(view_.flags, flag_area_bytes_);
}

void Ram::expect(PhysAddr pa, u64 bytes) {
    constexpr u64 kHuge = u64{2} << 20;
    if (!view_.contains(pa, bytes)) return;
    const u64 begin = reinterpret_cast<u64>(view_.host) + (pa.raw() - view_.base);
    const u64 first = round_up(begin, kHuge), end = (begin + bytes) / kHuge * kHuge;
    // Advice again: where there are none the pages are small ones.
    if (first < end) ::madvise(view_.host + (first - reinterpret_cast<u64>(view_.host)), end - first, MADV_HUGEPAGE);
}

Ram::FlagUse Ram::measure() const {
    FlagUse use;
    const u64 host_page = host_page_bytes();
    const u64 pages = flag_area_bytes_ / host_page;
    std::vector<u8> resident(std::min<u64>(pages, 65536));
    for (u64 first = 0; first < pages; first += resident.size()) {
        const u64 n = std::min<u64>(resident.size(), pages - first);
        u8* area = view_.flags + first * host_page;
        if (::mincore(area, n * host_page, resident.data()) != 0) std::fill(resident.begin(), resident.end(), u8{1});
        for (u64 i = 0; i < n; ++i) {
            if ((resident[i] & 1) == 0) continue;
            use.flag_bytes += host_page;
            const u8* flags = area + i * host_page;
            use.backed_pages +=
                static_cast<u64>(std::count_if(flags, flags + host_page, [](u8 f) { return (f & kBacked) != 0; }));
        }
    }
    return use;
}

u64 Ram::backed_pages() const { return measure().backed_pages; }

u64 Ram::resident_bytes() const {
    const FlagUse use = measure();
    return use.backed_pages * kPageBytes + use.flag_bytes;
}

}  // namespace bbmsim::board
