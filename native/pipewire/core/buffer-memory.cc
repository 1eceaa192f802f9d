// See buffer-memory.h.
#include "buffer-memory.h"

#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace callnative {

namespace {

/** A file that is shorter than it claims would raise SIGBUS on reading. A DMA buffer has no such size. */
bool isLongEnough(const spa_data& data) {
  struct stat status {};
  if (data.type != SPA_DATA_MemFd) return true;
  if (::fstat(static_cast<int>(data.fd), &status) < 0) return false;
  return static_cast<std::uint64_t>(status.st_size) >= static_cast<std::uint64_t>(data.mapoffset) + data.maxsize;
}

}  // namespace

BufferMemory::BufferMemory(const spa_buffer& buffer) {
  blocks_.reserve(buffer.n_datas);
  for (std::uint32_t index = 0; index < buffer.n_datas; index++) blocks_.push_back(blockOf(buffer.datas[index]));
}

BufferMemory::~BufferMemory() {
  for (const Block& block : blocks_) {
    if (block.mapping != nullptr) ::munmap(block.mapping, block.mapped);
  }
}

BufferMemory::Block BufferMemory::blockOf(const spa_data& data) {
  Block block;
  if (data.type == SPA_DATA_MemPtr) {
    if (data.data != nullptr) block.bytes = {static_cast<const std::uint8_t*>(data.data), data.maxsize};
    return block;
  }
  const bool isFile = data.type == SPA_DATA_MemFd || data.type == SPA_DATA_DmaBuf;
  if (!isFile || data.fd < 0 || data.maxsize == 0 || !isLongEnough(data)) return block;
  const auto page = static_cast<std::uint32_t>(::sysconf(_SC_PAGESIZE));
  const std::uint32_t before = data.mapoffset % page;
  const std::size_t length = static_cast<std::size_t>(data.maxsize) + before;
  void* start = ::mmap(nullptr, length, PROT_READ, MAP_SHARED, static_cast<int>(data.fd), static_cast<off_t>(data.mapoffset - before));
  if (start == MAP_FAILED) return block;
  block.mapping = start;
  block.mapped = length;
  block.bytes = {static_cast<const std::uint8_t*>(start) + before, data.maxsize};
  if (data.type == SPA_DATA_DmaBuf) block.dmaFd = static_cast<int>(data.fd);
  return block;
}

std::span<const std::uint8_t> BufferMemory::bytesOf(const spa_buffer& buffer, std::size_t block) const {
  if (block >= blocks_.size() || block >= buffer.n_datas) return {};
  const spa_chunk* chunk = buffer.datas[block].chunk;
  const std::span<const std::uint8_t> all = blocks_[block].bytes;
  if (chunk == nullptr || all.empty()) return {};
  // buffer.h: the offset is to be taken modulo the size, the size is to be clamped.
  const std::size_t offset = chunk->offset % all.size();
  return all.subspan(offset, std::min<std::size_t>(chunk->size, all.size() - offset));
}

void BufferMemory::beginRead() const { sync(DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ); }

void BufferMemory::endRead() const { sync(DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ); }

void BufferMemory::sync(std::uint64_t flags) const {
  for (const Block& block : blocks_) {
    if (block.dmaFd < 0) continue;
    dma_buf_sync request{flags};
    // Where the device needs no synchronisation the call is missing (ENOTTY), and the content is current anyway.
    while (::ioctl(block.dmaFd, DMA_BUF_IOCTL_SYNC, &request) < 0 && (errno == EINTR || errno == EAGAIN)) continue;
  }
}

}  // namespace callnative
