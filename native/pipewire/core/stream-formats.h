// The formats of PipeWire's video nodes: which of them can be converted, and how they are negotiated. SPA_PARAM_EnumFormat.
#pragma once

#include <spa/param/video/raw.h>
#include <spa/pod/builder.h>
#include <spa/pod/pod.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pixels/frame.h"
#include "raw/raw-format.h"

namespace callnative {

/** A copy of a parameter, whose original lives only during its event. */
class PodCopy {
 public:
  explicit PodCopy(const spa_pod* pod);
  const spa_pod* get() const { return reinterpret_cast<const spa_pod*>(words_.data()); }

 private:
  /** Pods are aligned to eight bytes. */
  std::vector<std::uint64_t> words_;
};

/**
 * The modes that can be converted, of a node's formats. Where it gives ranges, these are the usual sizes and rates within them,
 * and the nearest to `constraints` (may be null). A variable rate counts as the highest that the node names, or 30.
 */
std::vector<Mode> modesOf(const std::vector<PodCopy>& formats, const CaptureConstraints* constraints);

/** Names such as H264, of the formats that cannot be converted. Each once. */
std::vector<std::string> otherFormatsOf(const std::vector<PodCopy>& formats);

/** What both ends agreed on. Line lengths come with each buffer. */
struct AgreedFormat {
  V4l2Format pixels;
  /** 0 for a variable rate without a bound. */
  double fps;
  /** Only buffers of GPU memory have a modifier. */
  bool hasModifier;
};

/** None for formats that cannot be converted. */
std::optional<AgreedFormat> agreedFormat(const spa_pod* format);

/** Builds the parameters of a stream, which live as long as this object. */
class StreamParameters {
 public:
  StreamParameters();
  StreamParameters(const StreamParameters&) = delete;
  StreamParameters& operator=(const StreamParameters&) = delete;

  /**
   * What we accept, the best first: the chosen mode, its size at any rate, and then anything that can be converted. Memory comes
   * before GPU buffers, since we read with the processor, and of those only linear ones can be read at all.
   */
  void offer(const Mode& wanted);
  /** How many buffers, and which kinds of memory. */
  void acceptBuffers(const AgreedFormat& format);
  /** Which data comes with each buffer: its time, the part that is shown, and how it is turned. */
  void acceptMetadata();

  const spa_pod** data() { return pods_.data(); }
  std::uint32_t size() const { return count_; }

 private:
  void add(const spa_pod* pod);
  void acceptMeta(std::uint32_t type, std::size_t size);

  static constexpr std::size_t kMostPods = 8;
  static constexpr std::size_t kBytes = 4096;
  alignas(8) std::array<std::uint8_t, kBytes> memory_{};
  spa_pod_builder builder_{};
  std::array<const spa_pod*, kMostPods> pods_{};
  std::uint32_t count_ = 0;
};

}  // namespace callnative
