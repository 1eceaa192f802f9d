// The video sources that a PipeWire daemon offers, kept current. Used on the loop's thread, with its lock.
#pragma once

#include <pipewire/pipewire.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "stream-formats.h"

namespace callnative {

/** Texts are empty where the daemon gives none. */
struct SourceNode {
  /** Valid until the node goes, and then given to another one. */
  std::uint32_t id = 0;
  /** object.serial: never given again by the same daemon. */
  std::string serial;
  /** The session manager makes it of the device's place, so it survives restarts. */
  std::string name;
  std::string description;
  /** media.role: Camera for cameras. A shared screen may be a source too. */
  std::string role;
  /** device.api: v4l2 or libcamera. */
  std::string deviceApi;
  /** api.v4l2.path, such as /dev/video0. */
  std::string v4l2Path;
  /** device.devids: the numbers (dev_t) of the V4L2 nodes below a libcamera device, separated by spaces. */
  std::string deviceIds;
  /** api.libcamera.path: libcamera's id of the camera. */
  std::string libcameraId;
  std::vector<PodCopy> formats;
};

class NodeList {
 public:
  /** `onChange` is called on the loop's thread, once for each batch of changes. `onRemoved` gets the ids of nodes of any kind. */
  NodeList(pw_core* core, std::function<void()> onChange, std::function<void(std::uint32_t)> onRemoved);
  NodeList(const NodeList&) = delete;
  NodeList& operator=(const NodeList&) = delete;
  ~NodeList();

  /** The nodes of which everything is known, in the order in which they came. */
  std::vector<SourceNode> nodes() const;
  /** Null for a node that is no video source, or that this client may not see. */
  const SourceNode* find(std::uint32_t id) const;

 private:
  struct Bound;

  void onGlobal(std::uint32_t id, const char* type, const spa_dict* properties);
  void onGlobalRemoved(std::uint32_t id);
  void onDone(int sequence);
  /** The daemon answers in order: when this answer comes, those before have come. */
  void report();

  pw_core* core_;
  pw_registry* registry_ = nullptr;
  spa_hook registryListener_{};
  spa_hook coreListener_{};
  std::function<void()> onChange_;
  std::function<void(std::uint32_t)> onRemoved_;
  std::map<std::uint32_t, std::unique_ptr<Bound>> bound_;
  int awaited_ = 0;
};

}  // namespace callnative
