// A camera on a PipeWire daemon, for tests: draws the stamped test pattern with four bars of colour at its bottom.
//
//     program name=NAME modes=YUY2:640x480@30,MJPG:1280x720@30 [description=TEXT] [role=Camera] [memory=MemFd|DmaBuf|MemPtr]
//             [padding=BYTES] [planes=separate] [v4l2=/dev/video0] [crop=X,Y,WIDTH,HEIGHT] [transform=0…7] [picture=FILE]
//
// A rate of 0 is a variable one. A picture in I420 of the mode's size is shown instead of the pattern. Commands on standard input, a line each: `modes …` offers other modes from now on, `silence`
// sends no more frames, `empty` sends buffers without a picture, `crop …` shows another part. It ends with its input, and says `ready` when it is a node and
// `streaming WIDTHxHEIGHT FORMAT` when a format is agreed on.
#include <libyuv.h>
#include <pipewire/pipewire.h>
#include <poll.h>
#include <spa/param/video/format-utils.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "capture/test-pattern.h"
#include "pixels/jpeg-encode.h"
#include "system/clock.h"

namespace {

using Options = std::map<std::string, std::string>;

struct Format {
  const char* name;
  std::uint32_t spa;
  /** Bytes of a pixel of the first plane, and planes. */
  int bytes;
  int planes;
};

constexpr Format kFormats[] = {
    {"YUY2", SPA_VIDEO_FORMAT_YUY2, 2, 1}, {"UYVY", SPA_VIDEO_FORMAT_UYVY, 2, 1}, {"NV12", SPA_VIDEO_FORMAT_NV12, 1, 2},
    {"I420", SPA_VIDEO_FORMAT_I420, 1, 3}, {"BGRx", SPA_VIDEO_FORMAT_BGRx, 4, 1}, {"BGRA", SPA_VIDEO_FORMAT_BGRA, 4, 1},
    {"RGBx", SPA_VIDEO_FORMAT_RGBx, 4, 1}, {"RGBA", SPA_VIDEO_FORMAT_RGBA, 4, 1}, {"xBGR", SPA_VIDEO_FORMAT_xBGR, 4, 1},
    {"xRGB", SPA_VIDEO_FORMAT_xRGB, 4, 1}, {"RGB", SPA_VIDEO_FORMAT_RGB, 3, 1},   {"MJPG", SPA_VIDEO_FORMAT_ENCODED, 0, 1},
    {"H264", SPA_VIDEO_FORMAT_UNKNOWN, 0, 1},
};

struct Mode {
  const Format* format = nullptr;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint32_t fps = 0;
};

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "video-node: %s\n", why.c_str());
  std::exit(1);
}

std::vector<Mode> modesOf(const std::string& text) {
  std::vector<Mode> modes;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    Mode mode;
    char name[8] = "";
    if (std::sscanf(word.c_str(), "%7[^:]:%ux%u@%u", name, &mode.width, &mode.height, &mode.fps) != 4) fail("cannot read the mode " + word);
    for (const Format& format : kFormats) {
      if (std::strcmp(format.name, name) == 0) mode.format = &format;
    }
    if (mode.format == nullptr) fail("no such format: " + word);
    modes.push_back(mode);
  }
  return modes;
}

/** Y, U, V of red, green, blue and white, BT.601. */
constexpr std::array<std::array<std::uint8_t, 3>, 4> kBars = {{{81, 90, 240}, {145, 54, 34}, {41, 240, 110}, {235, 128, 128}}};

void drawBars(std::uint8_t* frame, int width, int height) {
  const callnative::I420Planes<std::uint8_t> planes(frame, width, height);
  const int top = height * 3 / 4 / 2 * 2;
  const int bar = width / 4 / 2 * 2;
  for (int index = 0; index < 4; index++) {
    const auto& colour = kBars[static_cast<std::size_t>(index)];
    for (int y = top; y < height; y++) std::memset(planes.y + y * width + index * bar, colour[0], static_cast<std::size_t>(bar));
    for (int y = top / 2; y < height / 2; y++) {
      std::memset(planes.u + y * planes.chromaStride + index * bar / 2, colour[1], static_cast<std::size_t>(bar / 2));
      std::memset(planes.v + y * planes.chromaStride + index * bar / 2, colour[2], static_cast<std::size_t>(bar / 2));
    }
  }
}

class VideoNode {
 public:
  explicit VideoNode(Options options)
      : options_(std::move(options)), modes_(modesOf(options_["modes"])), padding_(std::atoi(options_["padding"].c_str())) {}

  void run() {
    loop_ = pw_main_loop_new(nullptr);
    pw_loop* loop = pw_main_loop_get_loop(loop_);
    timer_ = pw_loop_add_timer(loop, [](void* self, std::uint64_t) { pw_stream_trigger_process(static_cast<VideoNode*>(self)->stream_); }, this);
    pw_loop_add_io(loop, STDIN_FILENO, SPA_IO_IN | SPA_IO_HUP, false, [](void* self, int, std::uint32_t) { static_cast<VideoNode*>(self)->onInput(); }, this);
    connect(loop);
    pw_main_loop_run(loop_);
    pw_stream_destroy(stream_);
    pw_main_loop_destroy(loop_);
  }

 private:
  void connect(pw_loop* loop) {
    static const pw_stream_events kEvents = [] {
      pw_stream_events events{};
      events.version = PW_VERSION_STREAM_EVENTS;
      events.state_changed = [](void* self, pw_stream_state, pw_stream_state state, const char* error) {
        static_cast<VideoNode*>(self)->onState(state, error);
      };
      events.param_changed = [](void* self, std::uint32_t id, const spa_pod* param) {
        if (id == SPA_PARAM_Format && param != nullptr) static_cast<VideoNode*>(self)->onFormat(param);
      };
      events.add_buffer = [](void* self, pw_buffer* buffer) { static_cast<VideoNode*>(self)->onAddBuffer(buffer); };
      events.remove_buffer = [](void* self, pw_buffer* buffer) { static_cast<VideoNode*>(self)->onRemoveBuffer(buffer); };
      events.process = [](void* self) { static_cast<VideoNode*>(self)->onProcess(); };
      return events;
    }();
    pw_properties* properties = pw_properties_new(PW_KEY_MEDIA_CLASS, "Video/Source", PW_KEY_NODE_NAME, options_["name"].c_str(), nullptr);
    const auto set = [&](const char* key, const std::string& value) {
      if (!value.empty()) pw_properties_set(properties, key, value.c_str());
    };
    set(PW_KEY_NODE_DESCRIPTION, options_["description"]);
    set(PW_KEY_MEDIA_ROLE, options_["role"]);
    set("api.v4l2.path", options_["v4l2"]);
    set("device.devids", options_["devids"]);
    stream_ = pw_stream_new_simple(loop, options_["name"].c_str(), properties, &kEvents, this);
    std::array<std::uint8_t, 8192> memory{};
    const auto formats = enumerate(memory);
    const auto own = ownsMemory() ? PW_STREAM_FLAG_ALLOC_BUFFERS : PW_STREAM_FLAG_MAP_BUFFERS;
    const auto flags = static_cast<pw_stream_flags>(PW_STREAM_FLAG_DRIVER | own);
    std::vector<const spa_pod*> pods(formats);
    if (pw_stream_connect(stream_, PW_DIRECTION_OUTPUT, PW_ID_ANY, flags, pods.data(), static_cast<std::uint32_t>(pods.size())) < 0) fail("cannot connect");
  }

  bool ownsMemory() { return options_["memory"] != "MemPtr"; }

  template <std::size_t Bytes>
  std::vector<const spa_pod*> enumerate(std::array<std::uint8_t, Bytes>& memory) {
    spa_pod_builder builder{};
    spa_pod_builder_init(&builder, memory.data(), memory.size());
    std::vector<const spa_pod*> pods;
    for (const Mode& mode : modes_) {
      const bool isRaw = mode.format->bytes > 0;
      const bool isH264 = std::strcmp(mode.format->name, "H264") == 0;
      const std::uint32_t subtype = isRaw ? SPA_MEDIA_SUBTYPE_raw : isH264 ? SPA_MEDIA_SUBTYPE_h264 : SPA_MEDIA_SUBTYPE_mjpg;
      const spa_rectangle size{mode.width, mode.height};
      const spa_fraction rate{mode.fps, 1};
      spa_pod_frame frame;
      spa_pod_builder_push_object(&builder, &frame, SPA_TYPE_OBJECT_Format, SPA_PARAM_EnumFormat);
      spa_pod_builder_add(&builder, SPA_FORMAT_mediaType, SPA_POD_Id(SPA_MEDIA_TYPE_video), SPA_FORMAT_mediaSubtype, SPA_POD_Id(subtype), 0);
      if (isRaw) spa_pod_builder_add(&builder, SPA_FORMAT_VIDEO_format, SPA_POD_Id(mode.format->spa), 0);
      spa_pod_builder_add(&builder, SPA_FORMAT_VIDEO_size, SPA_POD_Rectangle(&size), SPA_FORMAT_VIDEO_framerate, SPA_POD_Fraction(&rate), 0);
      pods.push_back(static_cast<const spa_pod*>(spa_pod_builder_pop(&builder, &frame)));
    }
    return pods;
  }

  void onState(pw_stream_state state, const char* error) {
    if (state == PW_STREAM_STATE_ERROR) fail(error == nullptr ? "the stream failed" : error);
    if (state == PW_STREAM_STATE_PAUSED) say("ready");
    const bool isStreaming = state == PW_STREAM_STATE_STREAMING;
    const long period = 1'000'000'000L / (mode_.fps > 0 ? mode_.fps : 20);
    timespec first{0, isStreaming ? 1 : 0};
    timespec interval{0, isStreaming ? period : 0};
    pw_loop_update_timer(pw_main_loop_get_loop(loop_), timer_, &first, &interval, false);
  }

  void onFormat(const spa_pod* param) {
    std::uint32_t type = 0;
    std::uint32_t subtype = 0;
    spa_format_parse(param, &type, &subtype);
    spa_video_info_raw raw{};
    spa_video_info_mjpg jpeg{};
    const bool isJpeg = subtype == SPA_MEDIA_SUBTYPE_mjpg;
    if (isJpeg) spa_format_video_mjpg_parse(param, &jpeg);
    else spa_format_video_raw_parse(param, &raw);
    const std::uint32_t spa = isJpeg ? SPA_VIDEO_FORMAT_ENCODED : raw.format;
    const spa_rectangle size = isJpeg ? jpeg.size : raw.size;
    for (const Format& format : kFormats) {
      if (format.spa == spa) mode_ = {&format, size.width, size.height, (isJpeg ? jpeg.framerate : raw.framerate).num};
    }
    const callnative::CaptureConstraints constraints{width(), height(), mode_.fps > 0 ? mode_.fps : 20.0};
    pattern_ = std::make_unique<callnative::TestPattern>(constraints);
    frame_.resize(callnative::i420Size(width(), height()));
    say("streaming " + std::to_string(size.width) + "x" + std::to_string(size.height) + " " + mode_.format->name);
    offerBuffers();
  }

  int width() const { return static_cast<int>(mode_.width); }
  int height() const { return static_cast<int>(mode_.height); }
  int stride() const { return width() * mode_.format->bytes + padding_; }
  int chromaStride() const { return mode_.format->planes == 3 ? stride() / 2 : stride(); }
  int size() const {
    if (mode_.format->bytes == 0) return width() * height() * 2;
    return stride() * height() * (mode_.format->planes > 1 ? 2 : 1);
  }
  int blocks() { return options_["planes"] == "separate" ? mode_.format->planes : 1; }

  void offerBuffers() {
    std::array<std::uint8_t, 1024> memory{};
    spa_pod_builder builder{};
    spa_pod_builder_init(&builder, memory.data(), memory.size());
    const bool isPointer = options_["memory"] == "MemPtr";
    const int type = isPointer ? SPA_DATA_MemPtr : options_["memory"] == "DmaBuf" ? SPA_DATA_DmaBuf : SPA_DATA_MemFd;
    const auto* buffers = static_cast<const spa_pod*>(spa_pod_builder_add_object(
        &builder, SPA_TYPE_OBJECT_ParamBuffers, SPA_PARAM_Buffers, SPA_PARAM_BUFFERS_buffers, SPA_POD_CHOICE_RANGE_Int(4, 2, 8),
        SPA_PARAM_BUFFERS_blocks, SPA_POD_Int(blocks()), SPA_PARAM_BUFFERS_size, SPA_POD_Int(size()), SPA_PARAM_BUFFERS_stride,
        SPA_POD_Int(stride()), SPA_PARAM_BUFFERS_dataType, SPA_POD_CHOICE_FLAGS_Int(1 << type)));
    const auto meta = [&](std::uint32_t kind, std::size_t bytes) {
      return static_cast<const spa_pod*>(spa_pod_builder_add_object(&builder, SPA_TYPE_OBJECT_ParamMeta, SPA_PARAM_Meta, SPA_PARAM_META_type,
                                                                    SPA_POD_Id(kind), SPA_PARAM_META_size, SPA_POD_Int(static_cast<int>(bytes))));
    };
    const spa_pod* params[] = {buffers, meta(SPA_META_Header, sizeof(spa_meta_header)), meta(SPA_META_VideoCrop, sizeof(spa_meta_region)),
                               meta(SPA_META_VideoTransform, sizeof(spa_meta_videotransform))};
    pw_stream_update_params(stream_, params, 4);
  }

  void onAddBuffer(pw_buffer* buffer) {
    if (!ownsMemory()) return;
    for (std::uint32_t block = 0; block < buffer->buffer->n_datas; block++) {
      spa_data& data = buffer->buffer->datas[block];
      data.fd = ::memfd_create("video-node", MFD_CLOEXEC);
      if (data.fd < 0 || ::ftruncate(static_cast<int>(data.fd), size()) < 0) fail("no memory");
      data.type = options_["memory"] == "DmaBuf" ? SPA_DATA_DmaBuf : SPA_DATA_MemFd;
      data.flags = SPA_DATA_FLAG_READWRITE;
      data.mapoffset = 0;
      data.maxsize = static_cast<std::uint32_t>(size());
      data.data = ::mmap(nullptr, data.maxsize, PROT_READ | PROT_WRITE, MAP_SHARED, static_cast<int>(data.fd), 0);
      if (data.data == MAP_FAILED) fail("cannot map memory");
    }
  }

  void onRemoveBuffer(pw_buffer* buffer) {
    if (!ownsMemory()) return;
    for (std::uint32_t block = 0; block < buffer->buffer->n_datas; block++) {
      spa_data& data = buffer->buffer->datas[block];
      ::munmap(data.data, data.maxsize);
      ::close(static_cast<int>(data.fd));
    }
  }

  void onProcess() {
    if (isSilent_ || pattern_ == nullptr) return;
    pw_buffer* buffer = pw_stream_dequeue_buffer(stream_);
    if (buffer == nullptr) return;
    spa_buffer& target = *buffer->buffer;
    draw();
    for (std::uint32_t block = 0; block < target.n_datas; block++) {
      *target.datas[block].chunk = {0, static_cast<std::uint32_t>(size()), block == 0 ? stride() : chromaStride(), 0};
    }
    if (isEmpty_) target.datas[0].chunk->size = 0;
    else write(target);
    if (auto* header = static_cast<spa_meta_header*>(spa_buffer_find_meta_data(&target, SPA_META_Header, sizeof(spa_meta_header)))) {
      *header = {0, 0, callnative::monotonicNs(), 0, 0};
    }
    describe(target);
    pw_stream_queue_buffer(stream_, buffer);
  }

  void draw() {
    const std::string& path = options_["picture"];
    if (path.empty()) {
      pattern_->take(frame_.data(), nullptr);
      drawBars(frame_.data(), width(), height());
    } else if (!std::ifstream(path, std::ios::binary).read(reinterpret_cast<char*>(frame_.data()), static_cast<std::streamsize>(frame_.size()))) {
      fail("no picture of this size in " + path);
    }
  }

  /** Which part is to be shown, and how it is turned. */
  void describe(spa_buffer& target) {
    if (auto* crop = static_cast<spa_meta_region*>(spa_buffer_find_meta_data(&target, SPA_META_VideoCrop, sizeof(spa_meta_region)))) {
      *crop = {};
      std::sscanf(options_["crop"].c_str(), "%d,%d,%u,%u", &crop->region.position.x, &crop->region.position.y, &crop->region.size.width,
                  &crop->region.size.height);
    }
    if (auto* turn = static_cast<spa_meta_videotransform*>(spa_buffer_find_meta_data(&target, SPA_META_VideoTransform, sizeof(spa_meta_videotransform)))) {
      turn->transform = static_cast<std::uint32_t>(std::atoi(options_["transform"].c_str()));
    }
  }

  void write(spa_buffer& target) {
    const callnative::I420Planes<const std::uint8_t> from(frame_.data(), width(), height());
    auto* to = static_cast<std::uint8_t*>(target.datas[0].data);
    if (mode_.format->bytes == 0) {
      const auto made = encoder_.compress(frame_.data(), width(), height(), width(), 90);
      std::memcpy(to, encoder_.jpeg()->data(), made.length);
      target.datas[0].chunk->size = static_cast<std::uint32_t>(made.length);
      target.datas[0].chunk->stride = 0;
      return;
    }
    std::uint8_t* second = target.n_datas > 1 ? static_cast<std::uint8_t*>(target.datas[1].data) : to + stride() * height();
    std::uint8_t* third = target.n_datas > 2 ? static_cast<std::uint8_t*>(target.datas[2].data) : second + chromaStride() * (height() / 2);
    const auto packed = [&](auto convert) {
      convert(from.y, from.width, from.u, from.chromaStride, from.v, from.chromaStride, to, stride(), width(), height());
    };
    switch (mode_.format->spa) {
      case SPA_VIDEO_FORMAT_YUY2: return packed(libyuv::I420ToYUY2);
      case SPA_VIDEO_FORMAT_UYVY: return packed(libyuv::I420ToUYVY);
      case SPA_VIDEO_FORMAT_BGRx:
      case SPA_VIDEO_FORMAT_BGRA: return packed(libyuv::I420ToARGB);
      case SPA_VIDEO_FORMAT_RGBx:
      case SPA_VIDEO_FORMAT_RGBA: return packed(libyuv::I420ToABGR);
      case SPA_VIDEO_FORMAT_xBGR: return packed(libyuv::I420ToRGBA);
      case SPA_VIDEO_FORMAT_xRGB: return packed(libyuv::I420ToBGRA);
      case SPA_VIDEO_FORMAT_RGB: return packed(libyuv::I420ToRAW);
      case SPA_VIDEO_FORMAT_NV12:
        libyuv::I420ToNV12(from.y, from.width, from.u, from.chromaStride, from.v, from.chromaStride, to, stride(), second, chromaStride(), width(), height());
        return;
      default:
        libyuv::I420Copy(from.y, from.width, from.u, from.chromaStride, from.v, from.chromaStride, to, stride(), second, chromaStride(), third,
                         chromaStride(), width(), height());
    }
  }

  void onInput() {
    char bytes[1024];
    const ssize_t length = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (length <= 0) {
      pw_main_loop_quit(loop_);
      return;
    }
    std::istringstream lines(std::string(bytes, static_cast<std::size_t>(length)));
    for (std::string line; std::getline(lines, line);) {
      if (line == "silence") isSilent_ = true;
      else if (line == "empty") isEmpty_ = true;
      else if (line.starts_with("modes ")) change(line.substr(6));
      else if (line.starts_with("crop ")) options_["crop"] = line.substr(5);
      else fail("unknown command " + line);
    }
  }

  void change(const std::string& modes) {
    modes_ = modesOf(modes);
    std::array<std::uint8_t, 8192> memory{};
    std::vector<const spa_pod*> pods = enumerate(memory);
    pw_stream_update_params(stream_, pods.data(), static_cast<std::uint32_t>(pods.size()));
  }

  static void say(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  }

  Options options_;
  std::vector<Mode> modes_;
  int padding_;
  pw_main_loop* loop_ = nullptr;
  spa_source* timer_ = nullptr;
  pw_stream* stream_ = nullptr;
  Mode mode_;
  std::unique_ptr<callnative::TestPattern> pattern_;
  callnative::JpegEncoder encoder_;
  std::vector<std::uint8_t> frame_;
  bool isSilent_ = false;
  bool isEmpty_ = false;
};

}  // namespace

int main(int count, char** words) {
  pw_init(nullptr, nullptr);
  Options options;
  for (int index = 1; index < count; index++) {
    const std::string word = words[index];
    const std::size_t at = word.find('=');
    if (at == std::string::npos) fail("expected key=value, not " + word);
    options[word.substr(0, at)] = word.substr(at + 1);
  }
  VideoNode(options).run();
  pw_deinit();
  return 0;
}
