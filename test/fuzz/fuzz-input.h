// Shared by the fuzz targets: a reader of numbers from the input, and memory that ends at an inaccessible page. The page
// also catches out-of-bounds access in libraries that were built without a sanitizer.
#pragma once

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>

namespace fuzz {

/** Reads zeros after the end of the input. */
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : bytes_(data, size) {}

  bool isEmpty() const { return bytes_.empty(); }
  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const std::uint8_t first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }
  std::uint32_t number(int bytes) {
    std::uint32_t value = 0;
    for (int i = 0; i < bytes; i++) value = (value << 8) | byte();
    return value;
  }
  /** Usually a plausible size, sometimes any number. */
  std::uint32_t size() {
    const std::uint8_t kind = byte();
    if (kind < 128) return number(1) * 4;
    return kind < 240 ? number(2) % 1024 : number(4);
  }
  std::span<const std::uint8_t> rest() const { return bytes_; }

 private:
  std::span<const std::uint8_t> bytes_;
};

/** Reused, because mapping costs more than most inputs. Uses the system call directly: a target may replace mmap, and the
 *  leak check must not search the inaccessible page for pointers. */
class GuardedMemory {
 public:
  explicit GuardedMemory(std::size_t most) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    most_ = (most + page - 1) / page * page;
    const long start = ::syscall(SYS_mmap, nullptr, most_ + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L);
    if (start == -1) std::abort();
    end_ = reinterpret_cast<std::uint8_t*>(start) + most_;
    if (::mprotect(end_, page, PROT_NONE) != 0) std::abort();
  }

  /** The last `size` bytes before the inaccessible page. */
  std::span<std::uint8_t> last(std::size_t size) const {
    if (size > most_) std::abort();
    return {end_ - size, size};
  }
  /** The same, filled with repetitions of `pattern`. */
  std::span<std::uint8_t> last(std::size_t size, std::span<const std::uint8_t> pattern) const {
    const auto memory = last(size);
    std::size_t filled = std::min(pattern.size(), size);
    if (filled == 0) std::fill(memory.begin(), memory.end(), std::uint8_t{0});
    else std::memcpy(memory.data(), pattern.data(), filled);
    for (; filled > 0 && filled < size; filled *= 2) {
      std::memcpy(memory.data() + filled, memory.data(), std::min(filled, size - filled));
    }
    return memory;
  }

 private:
  std::size_t most_;
  std::uint8_t* end_;
};

/** Aborts unless `holds`, so that the fuzzer keeps the input. */
inline void demand(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace fuzz
