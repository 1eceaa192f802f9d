// See stream-formats.h.
#include "stream-formats.h"

#include <linux/videodev2.h>
#include <spa/buffer/buffer.h>
#include <spa/buffer/meta.h>
#include <spa/debug/types.h>
#include <spa/param/buffers.h>
#include <spa/param/format-types.h>
#include <spa/param/format-utils.h>
#include <spa/param/param.h>
#include <spa/param/video/format-utils.h>
#include <spa/param/video/raw-types.h>
#include <spa/pod/iter.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>
#include <span>

#include "capture/mode-choice.h"

namespace callnative {

namespace {

struct Equivalent {
  std::uint32_t spa;
  std::uint32_t fourcc;
};

/** SPA names RGB formats by their order in memory, as V4L2 does in its newer names. Transparency is ignored. */
constexpr Equivalent kRawFormats[] = {
    {SPA_VIDEO_FORMAT_YUY2, V4L2_PIX_FMT_YUYV},   {SPA_VIDEO_FORMAT_NV12, V4L2_PIX_FMT_NV12},
    {SPA_VIDEO_FORMAT_I420, V4L2_PIX_FMT_YUV420}, {SPA_VIDEO_FORMAT_UYVY, V4L2_PIX_FMT_UYVY},
    {SPA_VIDEO_FORMAT_YVYU, V4L2_PIX_FMT_YVYU},   {SPA_VIDEO_FORMAT_VYUY, V4L2_PIX_FMT_VYUY},
    {SPA_VIDEO_FORMAT_NV21, V4L2_PIX_FMT_NV21},   {SPA_VIDEO_FORMAT_YV12, V4L2_PIX_FMT_YVU420},
    {SPA_VIDEO_FORMAT_NV16, V4L2_PIX_FMT_NV16},   {SPA_VIDEO_FORMAT_BGRx, V4L2_PIX_FMT_XBGR32},
    {SPA_VIDEO_FORMAT_BGRA, V4L2_PIX_FMT_XBGR32}, {SPA_VIDEO_FORMAT_RGBx, V4L2_PIX_FMT_RGBX32},
    {SPA_VIDEO_FORMAT_RGBA, V4L2_PIX_FMT_RGBX32}, {SPA_VIDEO_FORMAT_xBGR, V4L2_PIX_FMT_BGRX32},
    {SPA_VIDEO_FORMAT_ABGR, V4L2_PIX_FMT_BGRX32}, {SPA_VIDEO_FORMAT_xRGB, V4L2_PIX_FMT_XRGB32},
    {SPA_VIDEO_FORMAT_ARGB, V4L2_PIX_FMT_XRGB32}, {SPA_VIDEO_FORMAT_RGB, V4L2_PIX_FMT_RGB24},
    {SPA_VIDEO_FORMAT_BGR, V4L2_PIX_FMT_BGR24},   {SPA_VIDEO_FORMAT_GRAY8, V4L2_PIX_FMT_GREY},
};

constexpr double kUnknownRate = 30;
constexpr std::array<double, 4> kUsualRates = {15, 25, 30, 60};
/** 30000/1001 counts as 30. */
constexpr double kRateTolerance = 0.01;
constexpr std::uint32_t kMostSide = 16'384;
constexpr std::uint32_t kMostRate = 1'000;
/** DRM_FORMAT_MOD_LINEAR of drm_fourcc.h: lines one after the other. */
constexpr std::int64_t kLinear = 0;
/** One is filled, one is converted, one waits, one is spare. With two alone, some compositors stop for good while we hold both. */
constexpr int kBuffers = 4;
constexpr int kFewestBuffers = 3;
constexpr int kMostBuffers = 16;

std::uint32_t fourccOfSpa(std::uint32_t spa) {
  const auto* found = std::find_if(std::begin(kRawFormats), std::end(kRawFormats), [&](const Equivalent& one) { return one.spa == spa; });
  return found == std::end(kRawFormats) ? 0 : found->fourcc;
}

/** The alternatives of a property: a single value, a list, or a range. */
template <typename Value>
struct Alternatives {
  std::uint32_t choice = SPA_CHOICE_None;
  std::vector<Value> values;

  bool isRange() const { return (choice == SPA_CHOICE_Range || choice == SPA_CHOICE_Step) && values.size() >= 3; }
  /** In a list, the first value is the default and stands in the list again. */
  std::span<const Value> list() const& {
    return choice == SPA_CHOICE_Enum && values.size() > 1 ? std::span(values).subspan(1) : std::span(values);
  }
  std::span<const Value> list() const&& = delete;  // It would outlive what it shows.
};

template <typename Value>
Alternatives<Value> alternativesOf(const spa_pod* object, std::uint32_t key, std::uint32_t type) {
  Alternatives<Value> found;
  const spa_pod_prop* property = spa_pod_find_prop(object, nullptr, key);
  if (property == nullptr) return found;
  std::uint32_t count = 0;
  const spa_pod* values = spa_pod_get_values(&property->value, &count, &found.choice);
  if (values->type != type || values->size < sizeof(Value)) return found;
  const auto* first = static_cast<const Value*>(SPA_POD_BODY_CONST(values));
  found.values.assign(first, first + count);
  return found;
}

double rateOf(const spa_fraction& rate) { return rate.denom > 0 ? static_cast<double>(rate.num) / rate.denom : 0; }

bool isPossible(double rate) { return rate > 0 && rate <= kMostRate; }

int asSide(std::uint32_t pixels) { return static_cast<int>(std::min(pixels, kMostSide)); }

Size asSize(const spa_rectangle& size) { return {asSide(size.width), asSide(size.height)}; }

std::vector<Size> sizesOf(const spa_pod* format, const CaptureConstraints* constraints) {
  const auto sizes = alternativesOf<spa_rectangle>(format, SPA_FORMAT_VIDEO_size, SPA_TYPE_Rectangle);
  if (sizes.isRange()) {
    const Size step = sizes.values.size() > 3 ? asSize(sizes.values[3]) : Size{1, 1};
    std::vector<Size> within = sizesWithin({asSize(sizes.values[1]), asSize(sizes.values[2]), step}, constraints);
    const Size usual = asSize(sizes.values[0]);
    const auto same = [&](const Size& size) { return size.width == usual.width && size.height == usual.height; };
    if (usual.width > 0 && usual.height > 0 && std::none_of(within.begin(), within.end(), same)) within.push_back(usual);
    return within;
  }
  std::vector<Size> listed;
  for (const spa_rectangle& size : sizes.list()) listed.push_back(asSize(size));
  std::erase_if(listed, [](const Size& size) { return size.width < 1 || size.height < 1; });
  return listed;
}

/** Screens have a variable rate, 0/1, with a highest one. */
double variableRate(const spa_pod* format) {
  const auto most = alternativesOf<spa_fraction>(format, SPA_FORMAT_VIDEO_maxFramerate, SPA_TYPE_Fraction);
  double highest = 0;
  for (const spa_fraction& rate : most.values) highest = std::max(highest, rateOf(rate));
  return isPossible(highest) ? highest : kUnknownRate;
}

std::vector<double> ratesOf(const spa_pod* format, const CaptureConstraints* constraints) {
  const auto rates = alternativesOf<spa_fraction>(format, SPA_FORMAT_VIDEO_framerate, SPA_TYPE_Fraction);
  std::vector<double> found;
  if (rates.isRange()) {
    const auto within = [&](double rate) { return rate >= rateOf(rates.values[1]) && rate <= rateOf(rates.values[2]); };
    std::copy_if(kUsualRates.begin(), kUsualRates.end(), std::back_inserter(found), within);
    if (constraints != nullptr && within(constraints->fps)) found.push_back(constraints->fps);
    if (found.empty()) found.push_back(rateOf(rates.values[2]));
  } else {
    for (const spa_fraction& rate : rates.list()) found.push_back(rateOf(rate));
  }
  std::erase_if(found, [](double rate) { return !isPossible(rate); });
  if (found.empty()) found.push_back(variableRate(format));
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::uint32_t subtypeOf(const spa_pod* format) {
  std::uint32_t type = 0;
  std::uint32_t subtype = 0;
  if (format == nullptr || spa_format_parse(format, &type, &subtype) < 0 || type != SPA_MEDIA_TYPE_video) return 0;
  return subtype;
}

/** GPU buffers of this format may come in an order that only the GPU knows. */
bool isLinearPossible(const spa_pod* format) {
  const auto modifiers = alternativesOf<std::int64_t>(format, SPA_FORMAT_VIDEO_modifier, SPA_TYPE_Long);
  return modifiers.values.empty() || std::find(modifiers.values.begin(), modifiers.values.end(), kLinear) != modifiers.values.end();
}

std::vector<std::uint32_t> fourccsOf(const spa_pod* format) {
  const std::uint32_t subtype = subtypeOf(format);
  if (subtype == SPA_MEDIA_SUBTYPE_mjpg) return {V4L2_PIX_FMT_MJPEG};
  std::vector<std::uint32_t> fourccs;
  if (subtype != SPA_MEDIA_SUBTYPE_raw || !isLinearPossible(format)) return fourccs;
  const auto formats = alternativesOf<std::uint32_t>(format, SPA_FORMAT_VIDEO_format, SPA_TYPE_Id);
  for (const std::uint32_t spa : formats.list()) {
    const std::uint32_t fourcc = fourccOfSpa(spa);
    if (fourcc != 0 && std::find(fourccs.begin(), fourccs.end(), fourcc) == fourccs.end()) fourccs.push_back(fourcc);
  }
  return fourccs;
}

/** A fixed value where `least` equals `most`, else a range. */
struct SizeOffer {
  spa_rectangle usual;
  spa_rectangle least;
  spa_rectangle most;
};
struct RateOffer {
  spa_fraction usual;
  spa_fraction slowest;
  spa_fraction fastest;
};

SizeOffer exactly(const Mode& mode) {
  const spa_rectangle size{static_cast<std::uint32_t>(mode.width), static_cast<std::uint32_t>(mode.height)};
  return {size, size, size};
}

SizeOffer anySize(const Mode& mode) { return {exactly(mode).usual, {1, 1}, {kMostSide, kMostSide}}; }

spa_fraction fractionOf(double fps) {
  constexpr std::uint32_t kParts = 1'000;
  return {static_cast<std::uint32_t>(std::lround(fps * kParts)), kParts};
}

RateOffer about(double fps) { return {fractionOf(fps), fractionOf(fps * (1 - kRateTolerance)), fractionOf(fps * (1 + kRateTolerance))}; }

/** Including 0/1, the variable rate of a screen. */
RateOffer anyRate(double fps) { return {fractionOf(fps), {0, 1}, {kMostRate, 1}}; }

struct FormatOffer {
  std::vector<std::uint32_t> formats;
  SizeOffer size;
  RateOffer rate;
  bool isLinear = false;
};

std::vector<std::uint32_t> spaFormatsOf(std::uint32_t fourcc) {
  std::vector<std::uint32_t> formats;
  for (const Equivalent& one : kRawFormats) {
    if (one.fourcc == fourcc) formats.push_back(one.spa);
  }
  return formats;
}

std::vector<std::uint32_t> allFormats() {
  std::vector<std::uint32_t> formats;
  for (const Equivalent& one : kRawFormats) formats.push_back(one.spa);
  return formats;
}

void addSize(spa_pod_builder* builder, const SizeOffer& size) {
  spa_pod_builder_prop(builder, SPA_FORMAT_VIDEO_size, 0);
  if (size.least.width == size.most.width && size.least.height == size.most.height) {
    spa_pod_builder_rectangle(builder, size.usual.width, size.usual.height);
    return;
  }
  spa_pod_frame frame;
  spa_pod_builder_push_choice(builder, &frame, SPA_CHOICE_Range, 0);
  for (const spa_rectangle& side : {size.usual, size.least, size.most}) spa_pod_builder_rectangle(builder, side.width, side.height);
  spa_pod_builder_pop(builder, &frame);
}

void addRate(spa_pod_builder* builder, const RateOffer& rate) {
  spa_pod_frame frame;
  spa_pod_builder_prop(builder, SPA_FORMAT_VIDEO_framerate, 0);
  spa_pod_builder_push_choice(builder, &frame, SPA_CHOICE_Range, 0);
  for (const spa_fraction& one : {rate.usual, rate.slowest, rate.fastest}) spa_pod_builder_fraction(builder, one.num, one.denom);
  spa_pod_builder_pop(builder, &frame);
}

void addFormats(spa_pod_builder* builder, const std::vector<std::uint32_t>& formats) {
  spa_pod_frame frame;
  spa_pod_builder_prop(builder, SPA_FORMAT_VIDEO_format, 0);
  spa_pod_builder_push_choice(builder, &frame, SPA_CHOICE_Enum, 0);
  spa_pod_builder_id(builder, formats.front());
  for (const std::uint32_t format : formats) spa_pod_builder_id(builder, format);
  spa_pod_builder_pop(builder, &frame);
}

/** Without formats: JPEG. */
const spa_pod* buildFormat(spa_pod_builder* builder, const FormatOffer& offer) {
  spa_pod_frame frame;
  spa_pod_builder_push_object(builder, &frame, SPA_TYPE_OBJECT_Format, SPA_PARAM_EnumFormat);
  spa_pod_builder_prop(builder, SPA_FORMAT_mediaType, 0);
  spa_pod_builder_id(builder, SPA_MEDIA_TYPE_video);
  spa_pod_builder_prop(builder, SPA_FORMAT_mediaSubtype, 0);
  spa_pod_builder_id(builder, offer.formats.empty() ? SPA_MEDIA_SUBTYPE_mjpg : SPA_MEDIA_SUBTYPE_raw);
  if (!offer.formats.empty()) addFormats(builder, offer.formats);
  if (offer.isLinear) {
    spa_pod_builder_prop(builder, SPA_FORMAT_VIDEO_modifier, SPA_POD_PROP_FLAG_MANDATORY);
    spa_pod_builder_long(builder, kLinear);
  }
  addSize(builder, offer.size);
  addRate(builder, offer.rate);
  return static_cast<const spa_pod*>(spa_pod_builder_pop(builder, &frame));
}

void addIntRange(spa_pod_builder* builder, std::uint32_t key, int usual, int least, int most) {
  spa_pod_frame frame;
  spa_pod_builder_prop(builder, key, 0);
  spa_pod_builder_push_choice(builder, &frame, SPA_CHOICE_Range, 0);
  for (const int value : {usual, least, most}) spa_pod_builder_int(builder, value);
  spa_pod_builder_pop(builder, &frame);
}

/** Memory that a frame may come in. Without a modifier a camera's DMA buffer is linear, as V4L2's are. */
int memoryTypes(const AgreedFormat& format) {
  constexpr int kGpu = 1 << SPA_DATA_DmaBuf;
  return format.hasModifier ? kGpu : (1 << SPA_DATA_MemFd) | (1 << SPA_DATA_MemPtr) | kGpu;
}

double fpsOf(const spa_fraction& rate, const spa_fraction& most) {
  if (isPossible(rateOf(rate))) return rateOf(rate);
  return isPossible(rateOf(most)) ? rateOf(most) : 0;
}

bool isSide(std::uint32_t pixels) { return pixels >= 1 && pixels <= kMostSide; }

std::optional<AgreedFormat> agreedJpeg(const spa_pod* format) {
  spa_video_info_mjpg info{};
  if (spa_format_video_mjpg_parse(format, &info) < 0 || !isSide(info.size.width) || !isSide(info.size.height)) return std::nullopt;
  const V4l2Format pixels{static_cast<int>(info.size.width), static_cast<int>(info.size.height), 0, V4L2_PIX_FMT_MJPEG, true};
  return AgreedFormat{pixels, fpsOf(info.framerate, info.max_framerate), false};
}

}  // namespace

PodCopy::PodCopy(const spa_pod* pod) : words_((SPA_POD_SIZE(pod) + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t)) {
  std::memcpy(words_.data(), pod, SPA_POD_SIZE(pod));
}

std::vector<Mode> modesOf(const std::vector<PodCopy>& formats, const CaptureConstraints* constraints) {
  std::vector<Mode> modes;
  for (const PodCopy& format : formats) {
    for (const std::uint32_t fourcc : fourccsOf(format.get())) {
      for (const Size& size : sizesOf(format.get(), constraints)) {
        for (const double fps : ratesOf(format.get(), constraints)) {
          modes.push_back({size.width, size.height, fps, fourccName(fourcc)});
        }
      }
    }
  }
  return modes;
}

std::vector<std::string> otherFormatsOf(const std::vector<PodCopy>& formats) {
  std::vector<std::string> names;
  const auto add = [&](const spa_type_info* types, std::uint32_t type) {
    const char* found = spa_debug_type_find_short_name(types, type);
    std::string name = found == nullptr ? "format " + std::to_string(type) : found;
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char letter) { return std::toupper(letter); });
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const PodCopy& format : formats) {
    if (!fourccsOf(format.get()).empty()) continue;
    const std::uint32_t subtype = subtypeOf(format.get());
    if (subtype != SPA_MEDIA_SUBTYPE_raw) add(spa_type_media_subtype, subtype);
    else {
      const auto layouts = alternativesOf<std::uint32_t>(format.get(), SPA_FORMAT_VIDEO_format, SPA_TYPE_Id);
      for (const std::uint32_t layout : layouts.list()) add(spa_type_video_format, layout);
    }
  }
  return names;
}

std::optional<AgreedFormat> agreedFormat(const spa_pod* format) {
  const std::uint32_t subtype = subtypeOf(format);
  if (subtype == SPA_MEDIA_SUBTYPE_mjpg) return agreedJpeg(format);
  spa_video_info_raw info{};
  if (subtype != SPA_MEDIA_SUBTYPE_raw || spa_format_video_raw_parse(format, &info) < 0) return std::nullopt;
  const std::uint32_t fourcc = fourccOfSpa(info.format);
  if (fourcc == 0 || !isSide(info.size.width) || !isSide(info.size.height)) return std::nullopt;
  const bool isFullRange = info.color_range == SPA_VIDEO_COLOR_RANGE_0_255 || fourcc == V4L2_PIX_FMT_GREY;
  const V4l2Format pixels{static_cast<int>(info.size.width), static_cast<int>(info.size.height), 0, fourcc, isFullRange};
  const bool hasModifier = spa_pod_find_prop(format, nullptr, SPA_FORMAT_VIDEO_modifier) != nullptr;
  return AgreedFormat{pixels, fpsOf(info.framerate, info.max_framerate), hasModifier};
}

StreamParameters::StreamParameters() { spa_pod_builder_init(&builder_, memory_.data(), kBytes); }

void StreamParameters::add(const spa_pod* pod) {
  if (pod != nullptr && count_ < kMostPods) pods_[count_++] = pod;
}

void StreamParameters::offer(const Mode& wanted) {
  // An unknown format gives an empty list, which stands for JPEG.
  const std::vector<std::uint32_t> chosen = spaFormatsOf(fourccOf(wanted.fourcc));
  add(buildFormat(&builder_, {chosen, exactly(wanted), about(wanted.fps)}));
  add(buildFormat(&builder_, {chosen, exactly(wanted), anyRate(wanted.fps)}));
  add(buildFormat(&builder_, {allFormats(), anySize(wanted), anyRate(wanted.fps)}));
  add(buildFormat(&builder_, {{}, anySize(wanted), anyRate(wanted.fps)}));
  add(buildFormat(&builder_, {allFormats(), anySize(wanted), anyRate(wanted.fps), true}));
}

void StreamParameters::acceptBuffers(const AgreedFormat& format) {
  constexpr int kAny = std::numeric_limits<int>::max();
  const V4l2Format& pixels = format.pixels;
  const RawFormat* raw = rawFormatOf(pixels.fourcc);
  const auto whole = static_cast<int>(std::min<std::size_t>(i420Size(pixels.width, pixels.height) * 2, kAny));
  const int size = raw == nullptr ? whole : static_cast<int>(std::min<std::size_t>(leastSize(*raw, pixels, 0), kAny));
  spa_pod_frame frame;
  spa_pod_builder_push_object(&builder_, &frame, SPA_TYPE_OBJECT_ParamBuffers, SPA_PARAM_Buffers);
  addIntRange(&builder_, SPA_PARAM_BUFFERS_buffers, kBuffers, kFewestBuffers, kMostBuffers);
  addIntRange(&builder_, SPA_PARAM_BUFFERS_blocks, 1, 1, kMostPlanes);
  addIntRange(&builder_, SPA_PARAM_BUFFERS_size, size, 1, kAny);
  addIntRange(&builder_, SPA_PARAM_BUFFERS_stride, raw == nullptr ? 0 : leastBytesPerLine(*raw, pixels.width), 0, kAny);
  spa_pod_builder_prop(&builder_, SPA_PARAM_BUFFERS_dataType, 0);
  spa_pod_frame choice;
  spa_pod_builder_push_choice(&builder_, &choice, SPA_CHOICE_Flags, 0);
  spa_pod_builder_int(&builder_, memoryTypes(format));
  spa_pod_builder_pop(&builder_, &choice);
  add(static_cast<const spa_pod*>(spa_pod_builder_pop(&builder_, &frame)));
}

void StreamParameters::acceptMetadata() {
  acceptMeta(SPA_META_Header, sizeof(spa_meta_header));
  acceptMeta(SPA_META_VideoCrop, sizeof(spa_meta_region));
  acceptMeta(SPA_META_VideoTransform, sizeof(spa_meta_videotransform));
}

void StreamParameters::acceptMeta(std::uint32_t type, std::size_t size) {
  spa_pod_frame frame;
  spa_pod_builder_push_object(&builder_, &frame, SPA_TYPE_OBJECT_ParamMeta, SPA_PARAM_Meta);
  spa_pod_builder_prop(&builder_, SPA_PARAM_META_type, 0);
  spa_pod_builder_id(&builder_, type);
  spa_pod_builder_prop(&builder_, SPA_PARAM_META_size, 0);
  spa_pod_builder_int(&builder_, static_cast<int>(size));
  add(static_cast<const spa_pod*>(spa_pod_builder_pop(&builder_, &frame)));
}

}  // namespace callnative
