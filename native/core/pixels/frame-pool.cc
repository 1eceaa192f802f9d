// One lock covers every change of a slot's owner and its count.
#include "pixels/frame-pool.h"

namespace callnative {

FramePool::FramePool(int slots, std::size_t bytes, std::size_t jpegBytes) {
  for (int slot = 0; slot < slots; slot++) {
    buffers_.push_back(std::make_shared<std::vector<std::uint8_t>>(bytes));
    if (jpegBytes > 0) jpegBuffers_.push_back(std::make_shared<std::vector<std::uint8_t>>(jpegBytes));
    free_.push_back(slot);
  }
}

void FramePool::countPassedOver(int frames) {
  const std::lock_guard lock(mutex_);
  counters_.captured += static_cast<std::uint64_t>(frames);
  counters_.dropped += static_cast<std::uint64_t>(frames);
}

std::optional<int> FramePool::beginWrite() {
  const std::lock_guard lock(mutex_);
  counters_.captured++;
  if (free_.empty()) {
    counters_.dropped++;
    if (!waiting_) return std::nullopt;
    const int slot = waiting_->slot;
    waiting_.reset();
    return slot;
  }
  const int slot = free_.back();
  free_.pop_back();
  return slot;
}

void FramePool::publish(int slot, std::int64_t capturedAtUs, std::size_t jpegLength, const FrameVerdict& verdict) {
  const std::lock_guard lock(mutex_);
  count(verdict);
  if (waiting_) {
    counters_.dropped++;
    free_.push_back(waiting_->slot);
  }
  waiting_ = Ready{slot, capturedAtUs, jpegLength};
}

void FramePool::abandon(int slot, const FrameVerdict& verdict) {
  const std::lock_guard lock(mutex_);
  count(verdict);
  counters_.faulty++;
  free_.push_back(slot);
}

void FramePool::count(const FrameVerdict& verdict) {
  switch (verdict.quality) {
    case FrameQuality::whole: counters_.whole++; break;
    case FrameQuality::repaired: counters_.repaired++; break;
    case FrameQuality::damaged: counters_.damaged++; break;
  }
  for (std::size_t fault = 0; fault < kFaults; fault++) {
    if (verdict.faults.has(static_cast<FrameFault>(fault))) counters_.faults[fault]++;
  }
}

std::optional<FramePool::Ready> FramePool::collect() {
  const std::lock_guard lock(mutex_);
  if (!waiting_) return std::nullopt;
  const Ready ready = *waiting_;
  waiting_.reset();
  counters_.delivered++;
  return ready;
}

void FramePool::giveBack(int slot) {
  const std::lock_guard lock(mutex_);
  free_.push_back(slot);
}

void FramePool::finish() {
  const std::lock_guard lock(mutex_);
  if (!waiting_) return;
  counters_.dropped++;
  free_.push_back(waiting_->slot);
  waiting_.reset();
}

Counters FramePool::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

}  // namespace callnative
