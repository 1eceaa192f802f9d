// The memory of a PipeWire buffer: shared by pointer, by a file in memory, or by a DMA buffer of a device.
#pragma once

#include <spa/buffer/buffer.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace callnative {

/** Maps every block of a buffer for reading and unmaps it in the end. */
class BufferMemory {
 public:
  /** A block that cannot be mapped has no bytes, so its frames count as too short. mmap(2). */
  explicit BufferMemory(const spa_buffer& buffer);
  BufferMemory(const BufferMemory&) = delete;
  BufferMemory& operator=(const BufferMemory&) = delete;
  ~BufferMemory();

  /** The block's present content, as its chunk describes it, cut to the memory that there is. */
  std::span<const std::uint8_t> bytesOf(const spa_buffer& buffer, std::size_t block) const;

  /**
   * To be called before and after reading: the processor's view of a DMA buffer has to be made current. DMA_BUF_IOCTL_SYNC.
   */
  void beginRead() const;
  void endRead() const;

 private:
  struct Block {
    /** Null for memory that others own. */
    void* mapping = nullptr;
    std::size_t mapped = 0;
    std::span<const std::uint8_t> bytes;
    /** Borrowed; -1 for other memory. */
    int dmaFd = -1;
  };

  static Block blockOf(const spa_data& data);
  void sync(std::uint64_t flags) const;

  std::vector<Block> blocks_;
};

}  // namespace callnative
