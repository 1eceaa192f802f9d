// See server-connection.h. The thread runs libpulse's main loop, and every call of libpulse is made on it, except for
// mainloop_wakeup, which may come from any thread.
#include "sound-server/server-connection.h"

#include <cmath>
#include <utility>

#include "sound-server/pulse-library.h"
#include "system/start-thread.h"

namespace callnative {

namespace {

/** More changes than JavaScript reads in one turn are dropped from the front: the state that follows includes them. */
constexpr std::size_t kMostChanges = 256;
/** A machine has a few of each. More are left out. */
constexpr std::size_t kMostOfAKind = 256;
constexpr const char* kTokenProperty = "goop.call.stream";
constexpr auto kSubscription = static_cast<pa_subscription_mask_t>(
    PA_SUBSCRIPTION_MASK_SINK | PA_SUBSCRIPTION_MASK_SOURCE | PA_SUBSCRIPTION_MASK_SINK_INPUT |
    PA_SUBSCRIPTION_MASK_SOURCE_OUTPUT | PA_SUBSCRIPTION_MASK_SERVER | PA_SUBSCRIPTION_MASK_CARD);

std::string textOf(const char* text) { return text == nullptr ? std::string() : std::string(text); }

const char* whatOf(pa_subscription_event_type_t type) {
  switch (type & PA_SUBSCRIPTION_EVENT_FACILITY_MASK) {
    case PA_SUBSCRIPTION_EVENT_SINK: return "sink";
    case PA_SUBSCRIPTION_EVENT_SOURCE: return "source";
    case PA_SUBSCRIPTION_EVENT_SINK_INPUT: return "playback";
    case PA_SUBSCRIPTION_EVENT_SOURCE_OUTPUT: return "recording";
    case PA_SUBSCRIPTION_EVENT_CARD: return "card";
    default: return "server";
  }
}

const char* howOf(pa_subscription_event_type_t type) {
  switch (type & PA_SUBSCRIPTION_EVENT_TYPE_MASK) {
    case PA_SUBSCRIPTION_EVENT_NEW: return "new";
    case PA_SUBSCRIPTION_EVENT_REMOVE: return "remove";
    default: return "change";
  }
}

/** The numbers of pa_sink_state_t and pa_source_state_t are the same. */
const char* stateOf(int state) {
  switch (state) {
    case PA_SINK_RUNNING: return "running";
    case PA_SINK_IDLE: return "idle";
    case PA_SINK_SUSPENDED: return "suspended";
    default: return "unknown";
  }
}

const char* availabilityOf(int available) {
  switch (available) {
    case PA_PORT_AVAILABLE_YES: return "yes";
    case PA_PORT_AVAILABLE_NO: return "no";
    default: return "unknown";
  }
}

}  // namespace

/** The libpulse side of one connection. Lives on the thread. */
class ServerConnection::Loop {
 public:
  Loop(ServerConnection& owner, const PulseLibrary& pulse) : owner_(owner), pulse_(pulse), loop_(pulse.mainloop_new()) {}

  ~Loop() {
    if (context_ != nullptr) {
      pulse_.context_set_state_callback(context_, nullptr, nullptr);
      pulse_.context_set_subscribe_callback(context_, nullptr, nullptr);
      pulse_.context_disconnect(context_);
      pulse_.context_unref(context_);
    }
    if (loop_ != nullptr) pulse_.mainloop_free(loop_);
  }

  void wakeUp() { pulse_.mainloop_wakeup(loop_); }

  /** Returns when the connection has ended or `isStopping` holds after a wake-up. */
  template <typename IsStopping>
  std::string run(IsStopping isStopping) {
    if (loop_ == nullptr || !connect()) return problem();
    while (end_.empty() && !isStopping()) {
      if (pulse_.mainloop_iterate(loop_, 1, nullptr) < 0) return "libpulse's main loop failed";
    }
    return end_;
  }

 private:
  bool connect() {
    context_ = pulse_.context_new(pulse_.mainloop_get_api(loop_), "goop-call-plugin");
    if (context_ == nullptr) return false;
    if (!owner_.cookie_.empty()) pulse_.context_load_cookie_from_file(context_, owner_.cookie_.c_str());
    pulse_.context_set_state_callback(context_, [](pa_context*, void* self) { at(self).onState(); }, this);
    pulse_.context_set_subscribe_callback(
        context_,
        [](pa_context*, pa_subscription_event_type_t type, std::uint32_t index, void* self) {
          at(self).onChange(type, index);
        },
        this);
    const char* server = owner_.server_.empty() ? nullptr : owner_.server_.c_str();
    return pulse_.context_connect(context_, server, PA_CONTEXT_NOAUTOSPAWN, nullptr) >= 0;
  }

  static Loop& at(void* self) { return *static_cast<Loop*>(self); }

  std::string problem() {
    return context_ == nullptr ? "libpulse cannot be set up" : textOf(pulse_.strerror(pulse_.context_errno(context_)));
  }

  void onState() {
    const pa_context_state_t state = pulse_.context_get_state(context_);
    if (state == PA_CONTEXT_READY) {
      release(pulse_.context_subscribe(context_, kSubscription, nullptr, nullptr));
      query();
    } else if (state == PA_CONTEXT_FAILED || state == PA_CONTEXT_TERMINATED) {
      end_ = problem();
    }
  }

  void onChange(pa_subscription_event_type_t type, std::uint32_t index) {
    changes_ += 1;
    {
      const std::lock_guard lock(owner_.mutex_);
      auto& waiting = owner_.updates_.changes;
      if (waiting.size() == kMostChanges) waiting.erase(waiting.begin());
      waiting.push_back({changes_, whatOf(type), howOf(type), index});
    }
    owner_.onUpdate_();
    if (open_ == 0) query();
  }

  /** Asks for everything. The server answers in order, so the answers include every change that came before. */
  void query() {
    state_ = {};
    state_.through = changes_;
    expect(pulse_.context_get_server_info(context_, [](pa_context*, const pa_server_info* info, void* self) {
      at(self).onServer(info);
    }, this));
    expect(pulse_.context_get_card_info_list(context_, [](pa_context*, const pa_card_info* info, int end, void* self) {
      at(self).onCard(info, end);
    }, this));
    expect(pulse_.context_get_sink_info_list(context_, [](pa_context*, const pa_sink_info* info, int end, void* self) {
      at(self).onSink(info, end);
    }, this));
    expect(pulse_.context_get_source_info_list(context_, [](pa_context*, const pa_source_info* info, int end, void* self) {
      at(self).onSource(info, end);
    }, this));
    expect(pulse_.context_get_sink_input_info_list(context_, [](pa_context*, const pa_sink_input_info* info, int end, void* self) {
      at(self).onStream(info, info == nullptr ? 0 : info->sink, true, end);
    }, this));
    expect(pulse_.context_get_source_output_info_list(context_, [](pa_context*, const pa_source_output_info* info, int end, void* self) {
      at(self).onStream(info, info == nullptr ? 0 : info->source, false, end);
    }, this));
  }

  void expect(pa_operation* operation) {
    if (operation == nullptr) return;
    open_ += 1;
    release(operation);
  }

  void release(pa_operation* operation) {
    if (operation != nullptr) pulse_.operation_unref(operation);
  }

  void onAnswered() {
    open_ -= 1;
    if (open_ > 0) return;
    const bool isOutdated = state_.through < changes_;
    {
      const std::lock_guard lock(owner_.mutex_);
      owner_.updates_.state = std::move(state_);
    }
    owner_.onUpdate_();
    if (isOutdated) query();
  }

  void onServer(const pa_server_info* info) {
    if (info != nullptr) {
      state_.serverName = textOf(info->server_name);
      state_.defaultSink = textOf(info->default_sink_name);
      state_.defaultSource = textOf(info->default_source_name);
    }
    onAnswered();
  }

  void onCard(const pa_card_info* info, int end) {
    if (end != 0) return onAnswered();
    std::string card = property(info->proplist, "alsa.card");
    if (card.empty()) card = property(info->proplist, "api.alsa.card");
    if (!card.empty() && state_.alsaCards.size() < kMostOfAKind) state_.alsaCards.push_back(std::move(card));
  }

  void onSink(const pa_sink_info* info, int end) {
    if (end != 0) return onAnswered();
    if (state_.sinks.size() < kMostOfAKind) state_.sinks.push_back(device(*info));
  }

  void onSource(const pa_source_info* info, int end) {
    if (end != 0) return onAnswered();
    if (state_.sources.size() == kMostOfAKind) return;
    state_.sources.push_back(device(*info));
    if (info->monitor_of_sink != PA_INVALID_INDEX) {
      // A monitor stays one when its sink has no name.
      const std::string sink = textOf(info->monitor_of_sink_name);
      state_.sources.back().monitorOf = sink.empty() ? "?" : sink;
    }
  }

  template <typename Info>
  void onStream(const Info* info, std::uint32_t device, bool isPlayback, int end) {
    if (end != 0) return onAnswered();
    std::string token = property(info->proplist, kTokenProperty);
    if (token.empty() || state_.streams.size() == kMostOfAKind) return;
    state_.streams.push_back(
        {info->index, device, std::move(token), isPlayback, info->mute != 0, percent(info->volume)});
  }

  template <typename Info>
  ServerDevice device(const Info& info) {
    ServerDevice device;
    device.index = info.index;
    device.name = textOf(info.name);
    device.description = textOf(info.description);
    device.driver = textOf(info.driver);
    device.deviceClass = property(info.proplist, PA_PROP_DEVICE_CLASS);
    device.formFactor = property(info.proplist, PA_PROP_DEVICE_FORM_FACTOR);
    device.bus = property(info.proplist, PA_PROP_DEVICE_BUS);
    device.alsaCard = property(info.proplist, "alsa.card");
    device.alsaCardName = property(info.proplist, "alsa.card_name");
    device.alsaName = property(info.proplist, "alsa.name");
    device.state = stateOf(info.state);
    device.isMuted = info.mute != 0;
    device.volume = percent(info.volume);
    if (info.active_port != nullptr) {
      device.port = textOf(info.active_port->description);
      device.portAvailable = availabilityOf(info.active_port->available);
    }
    return device;
  }

  std::string property(const pa_proplist* properties, const char* name) {
    return properties == nullptr ? std::string() : textOf(pulse_.proplist_gets(properties, name));
  }

  double percent(const pa_cvolume& volume) {
    return std::round(100.0 * pulse_.cvolume_avg(&volume) / PA_VOLUME_NORM);
  }

  ServerConnection& owner_;
  const PulseLibrary& pulse_;
  pa_mainloop* loop_;
  pa_context* context_ = nullptr;
  std::string end_;
  ServerState state_;
  double changes_ = 0;
  int open_ = 0;
};

ServerConnection::ServerConnection(std::string server, std::string cookie, std::function<void()> onUpdate)
    : server_(std::move(server)), cookie_(std::move(cookie)), onUpdate_(std::move(onUpdate)), thread_(startThread([this] { run(); })) {}

ServerUpdates ServerConnection::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(updates_, {});
}

void ServerConnection::stop() {
  {
    const std::lock_guard lock(mutex_);
    isStopping_ = true;
    if (loop_ != nullptr) loop_->wakeUp();
  }
  if (thread_.joinable()) thread_.join();
}

void ServerConnection::run() {
  std::string problem;
  if (const PulseLibrary* pulse = loadPulseLibrary(problem)) {
    Loop loop(*this, *pulse);
    {
      const std::lock_guard lock(mutex_);
      loop_ = &loop;
    }
    problem = loop.run([this] {
      const std::lock_guard lock(mutex_);
      return isStopping_;
    });
    const std::lock_guard lock(mutex_);
    loop_ = nullptr;
  }
  {
    const std::lock_guard lock(mutex_);
    if (isStopping_) return;
    updates_.end = problem.empty() ? "the connection ended" : problem;
  }
  onUpdate_();
}

}  // namespace callnative
