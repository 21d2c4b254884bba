// SPDX-License-Identifier: Apache-2.0
#include "models/board/disk.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace bbmsim::board {
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
    throw std::invalid_argument(fmt::format("disk={}: {}", path, why));
}

// Splits [offset, offset + size) at multiples of the block size; stops at the first false.
template <class Part>
bool by_blocks(u64 offset, u64 size, u64 block, const Part& part) {
    for (u64 done = 0; done < size;) {
        const u64 at = offset + done;
        const u64 n = std::min(size - done, block - at % block);
        if (!part(at, done, n)) return false;
        done += n;
    }
    return true;
}

}  // namespace

Disk::Disk(const std::string& path, bool writable) : writable_(writable) {
    file_ = ::open(path.c_str(), (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
    if (file_ < 0)
        refuse(path, fmt::format("can't be {} ({})", writable ? "opened for writing" : "read", std::strerror(errno)));
    try {
        struct stat info {};
        if (::fstat(file_, &info) != 0) refuse(path, std::strerror(errno));
        if (S_ISDIR(info.st_mode)) refuse(path, "is a folder, not an image of a disk");
        if (!S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode)) refuse(path, "neither a file nor a block device");
        const off_t end = ::lseek(file_, 0, SEEK_END);
        if (end < 0) refuse(path, std::strerror(errno));
        if (end == 0) refuse(path, "is empty");
        bytes_ = static_cast<u64>(end);
        if (::flock(file_, (writable ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0 && errno == EWOULDBLOCK)
            refuse(path, writable ? "is in use by another simulation" : "is being written to by another simulation");
    } catch (...) {
        ::close(file_);
        throw;
    }
}

Disk::~Disk() { ::close(file_); }

bool Disk::read_file(u64 offset, std::span<u8> out) const {
    while (!out.empty()) {
        const ssize_t n = ::pread(file_, out.data(), out.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        if (n == 0) {
            std::ranges::fill(out, u8{0});
            return true;
        }
        offset += static_cast<u64>(n);
        out = out.subspan(static_cast<std::size_t>(n));
    }
    return true;
}

bool Disk::write_file(u64 offset, std::span<const u8> in) {
    while (!in.empty()) {
        const ssize_t n = ::pwrite(file_, in.data(), in.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        offset += static_cast<u64>(n);
        in = in.subspan(static_cast<std::size_t>(n));
    }
    return true;
}

bool Disk::read(u64 offset, std::span<u8> out) const {
    if (overlay_.empty()) return read_file(offset, out);
    return by_blocks(offset, out.size(), sizeof(Block), [&](u64 at, u64 done, u64 n) {
        const auto found = overlay_.find(at / sizeof(Block));
        if (found == overlay_.end()) return read_file(at, out.subspan(done, n));
        std::copy_n(found->second->begin() + static_cast<std::ptrdiff_t>(at % sizeof(Block)), n, out.data() + done);
        return true;
    });
}

bool Disk::write(u64 offset, std::span<const u8> in) {
    if (writable_) return write_file(offset, in);
    return by_blocks(offset, in.size(), sizeof(Block), [&](u64 at, u64 done, u64 n) {
        auto& block = overlay_[at / sizeof(Block)];
        if (!block) {
            block = std::make_unique<Block>();
            if (!read_file(at - at % sizeof(Block), *block)) {
                overlay_.erase(at / sizeof(Block));
                return false;
            }
        }
        std::copy_n(in.data() + done, n, block->begin() + static_cast<std::ptrdiff_t>(at % sizeof(Block)));
        return true;
    });
}

bool Disk::flush() { return !writable_ || ::fdatasync(file_) == 0; }

}  // namespace bbmsim::board
