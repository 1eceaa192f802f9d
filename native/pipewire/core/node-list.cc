// See node-list.h. A node's properties and formats come in events of a proxy that is bound to it.
#include "node-list.h"

#include <spa/param/param.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

namespace callnative {

namespace {

/** Far more than any machine has. */
constexpr std::size_t kMostNodes = 128;
constexpr std::size_t kMostFormats = 256;
constexpr const char* kVideoSource = "Video/Source";

std::string valueOf(const spa_dict* properties, const char* key) {
  const char* value = properties == nullptr ? nullptr : spa_dict_lookup(properties, key);
  return value == nullptr ? std::string() : std::string(value);
}

/** Video/Source/Virtual is a source as well. */
bool isVideoSource(const spa_dict* properties) { return valueOf(properties, PW_KEY_MEDIA_CLASS).starts_with(kVideoSource); }

}  // namespace

struct NodeList::Bound {
  Bound(NodeList& owner, std::uint32_t id) : list(owner) { node.id = id; }
  Bound(const Bound&) = delete;
  Bound& operator=(const Bound&) = delete;
  ~Bound() {
    if (proxy == nullptr) return;
    spa_hook_remove(&listener);
    pw_proxy_destroy(proxy);
  }

  void onInfo(const pw_node_info& info) {
    if ((info.change_mask & PW_NODE_CHANGE_MASK_PROPS) != 0) takeProperties(info.props);
    if ((info.change_mask & PW_NODE_CHANGE_MASK_PARAMS) != 0) askForFormats(info);
    hasInfo = true;
    list.report();
  }

  void takeProperties(const spa_dict* properties) {
    node.serial = valueOf(properties, PW_KEY_OBJECT_SERIAL);
    node.name = valueOf(properties, PW_KEY_NODE_NAME);
    node.description = valueOf(properties, PW_KEY_NODE_DESCRIPTION);
    node.role = valueOf(properties, PW_KEY_MEDIA_ROLE);
    node.deviceApi = valueOf(properties, PW_KEY_DEVICE_API);
    node.v4l2Path = valueOf(properties, "api.v4l2.path");
    node.deviceIds = valueOf(properties, "device.devids");
    node.libcameraId = valueOf(properties, "api.libcamera.path");
  }

  void askForFormats(const pw_node_info& info) {
    for (std::uint32_t index = 0; index < info.n_params; index++) {
      const spa_param_info& param = info.params[index];
      // The flags change with every new list.
      if (param.id != SPA_PARAM_EnumFormat || (param.flags & SPA_PARAM_INFO_READ) == 0 || param.flags == formatFlags) continue;
      formatFlags = param.flags;
      // The former ones count until all of these have come: the node may be opened in between.
      arriving.emplace();
      pw_node_enum_params(reinterpret_cast<pw_node*>(proxy), 0, SPA_PARAM_EnumFormat, 0, static_cast<std::uint32_t>(kMostFormats), nullptr);
    }
  }

  void onParam(std::uint32_t id, const spa_pod* pod) {
    const bool isFormat = id == SPA_PARAM_EnumFormat && pod != nullptr;
    if (isFormat && arriving && arriving->size() < kMostFormats) arriving->emplace_back(pod);
  }

  void settle() {
    if (arriving) node.formats = *std::exchange(arriving, std::nullopt);
  }

  NodeList& list;
  SourceNode node;
  pw_proxy* proxy = nullptr;
  spa_hook listener{};
  std::uint32_t formatFlags = 0;
  std::optional<std::vector<PodCopy>> arriving;
  bool hasInfo = false;
};

NodeList::NodeList(pw_core* core, std::function<void()> onChange, std::function<void(std::uint32_t)> onRemoved)
    : core_(core), onChange_(std::move(onChange)), onRemoved_(std::move(onRemoved)) {
  static const pw_registry_events kRegistryEvents = [] {
    pw_registry_events events{};
    events.version = PW_VERSION_REGISTRY_EVENTS;
    events.global = [](void* self, std::uint32_t id, std::uint32_t, const char* type, std::uint32_t, const spa_dict* properties) {
      static_cast<NodeList*>(self)->onGlobal(id, type, properties);
    };
    events.global_remove = [](void* self, std::uint32_t id) { static_cast<NodeList*>(self)->onGlobalRemoved(id); };
    return events;
  }();
  static const pw_core_events kCoreEvents = [] {
    pw_core_events events{};
    events.version = PW_VERSION_CORE_EVENTS;
    events.done = [](void* self, std::uint32_t id, int sequence) {
      if (id == PW_ID_CORE) static_cast<NodeList*>(self)->onDone(sequence);
    };
    return events;
  }();
  pw_core_add_listener(core_, &coreListener_, &kCoreEvents, this);
  registry_ = pw_core_get_registry(core_, PW_VERSION_REGISTRY, 0);
  if (registry_ != nullptr) pw_registry_add_listener(registry_, &registryListener_, &kRegistryEvents, this);
  report();
}

NodeList::~NodeList() {
  bound_.clear();
  spa_hook_remove(&coreListener_);
  if (registry_ == nullptr) return;
  spa_hook_remove(&registryListener_);
  pw_proxy_destroy(reinterpret_cast<pw_proxy*>(registry_));
}

std::vector<SourceNode> NodeList::nodes() const {
  std::vector<SourceNode> known;
  for (const auto& [id, bound] : bound_) {
    if (bound->hasInfo) known.push_back(bound->node);
  }
  // A serial is a number; the longer one is the greater.
  std::sort(known.begin(), known.end(), [](const SourceNode& one, const SourceNode& other) {
    return std::pair(one.serial.size(), one.serial) < std::pair(other.serial.size(), other.serial);
  });
  return known;
}

const SourceNode* NodeList::find(std::uint32_t id) const {
  const auto found = bound_.find(id);
  return found == bound_.end() ? nullptr : &found->second->node;
}

void NodeList::onGlobal(std::uint32_t id, const char* type, const spa_dict* properties) {
  static const pw_node_events kNodeEvents = [] {
    pw_node_events events{};
    events.version = PW_VERSION_NODE_EVENTS;
    events.info = [](void* self, const pw_node_info* info) { static_cast<Bound*>(self)->onInfo(*info); };
    events.param = [](void* self, int, std::uint32_t param, std::uint32_t, std::uint32_t, const spa_pod* pod) {
      static_cast<Bound*>(self)->onParam(param, pod);
    };
    return events;
  }();
  if (std::strcmp(type, PW_TYPE_INTERFACE_Node) != 0 || !isVideoSource(properties) || bound_.size() >= kMostNodes) return;
  auto bound = std::make_unique<Bound>(*this, id);
  bound->proxy = static_cast<pw_proxy*>(pw_registry_bind(registry_, id, type, PW_VERSION_NODE, 0));
  if (bound->proxy == nullptr) return;
  pw_node_add_listener(reinterpret_cast<pw_node*>(bound->proxy), &bound->listener, &kNodeEvents, bound.get());
  bound_[id] = std::move(bound);
  report();
}

void NodeList::onGlobalRemoved(std::uint32_t id) {
  if (bound_.erase(id) > 0) report();
  onRemoved_(id);
}

void NodeList::report() { awaited_ = pw_core_sync(core_, PW_ID_CORE, 0); }

void NodeList::onDone(int sequence) {
  if (sequence != awaited_) return;
  for (const auto& [id, bound] : bound_) bound->settle();
  onChange_();
}

}  // namespace callnative
