// Reads one row of MCUs after the other, and converts it while it is in the processor's cache.
#include "jpeg/jpeg-decode.h"

#include <jerror.h>

#include <algorithm>
#include <cstring>

#include "pixels/colour-range.h"
#include "pixels/frame.h"

namespace callnative {

namespace {

constexpr int kComponents = 3;
constexpr int kMostLines = 4 * DCTSIZE;
/** Cameras leave a few bytes over. More of them, and not just zeros, mean that the decoder lost its place. */
constexpr int kMostStrayBytes = 512;

void ignoreSource(j_decompress_ptr) {}

/** The bytes end with an end marker, so only a wrong header asks for more. */
boolean endOfSource(j_decompress_ptr info) {
  static const JOCTET kEnd[] = {0xFF, JPEG_EOI};
  info->src->next_input_byte = kEnd;
  info->src->bytes_in_buffer = sizeof kEnd;
  return TRUE;
}

void skipSource(j_decompress_ptr info, long count) {
  const auto skipped = std::min(static_cast<std::size_t>(std::max(count, 0L)), info->src->bytes_in_buffer);
  info->src->next_input_byte += skipped;
  info->src->bytes_in_buffer -= skipped;
}

std::size_t stride(const jpeg_component_info& component) {
  return static_cast<std::size_t>(component.width_in_blocks) * DCTSIZE;
}

/** Samples of one chroma component in one row of MCUs. */
struct ChromaLines {
  const std::uint8_t* start;
  std::size_t stride;
  /** Luma samples for each of them: 1, 2 or 4. */
  int across;
  int down;
};

std::uint8_t mean(int one, int other) { return static_cast<std::uint8_t>((one + other + 1) >> 1); }

/** One line of `width` samples in half of the luma's size, in `scratch` unless the component has that size. */
const std::uint8_t* halved(const ChromaLines& lines, int line, std::size_t width, std::uint8_t* scratch) {
  const int first = lines.down == 1 ? 2 * line : lines.down == 2 ? line : line / 2;
  const std::uint8_t* one = lines.start + static_cast<std::size_t>(first) * lines.stride;
  const std::uint8_t* other = lines.down == 1 ? one + lines.stride : one;
  if (lines.across == 2 && one == other) return one;
  if (lines.across == 2) {
    for (std::size_t x = 0; x < width; x++) scratch[x] = mean(one[x], other[x]);
  } else if (lines.across == 1) {
    for (std::size_t x = 0; x < width; x++) scratch[x] = mean(mean(one[2 * x], one[2 * x + 1]), mean(other[2 * x], other[2 * x + 1]));
  } else {
    for (std::size_t x = 0; x < width; x++) scratch[x] = mean(one[x / 2], other[x / 2]);
  }
  return scratch;
}

}  // namespace

JpegDecoder::JpegDecoder() {
  jpeg_std_error(&errors_.manager);
  errors_.manager.error_exit = onError;
  errors_.manager.emit_message = onMessage;
  errors_.decoder = this;
  source_.init_source = ignoreSource;
  source_.fill_input_buffer = endOfSource;
  source_.skip_input_data = skipSource;
  source_.resync_to_restart = resync;
  source_.term_source = ignoreSource;
}

FrameVerdict JpegDecoder::decode(const NormalJpeg& jpeg, int width, int height, std::uint8_t* target,
                                 const std::uint8_t* previous) {
  jpeg_ = &jpeg;
  width_ = width;
  height_ = height;
  rowsRead_ = 0;
  faults_ = jpeg.faults();
  damage_.reset(jpeg.layout());
  source_.next_input_byte = jpeg.bytes().data();
  source_.bytes_in_buffer = jpeg.bytes().size();
  errors_.manager.num_warnings = 0;
  info_ = {};
  info_.err = &errors_.manager;
  const bool isDecoded = decodeRows(target);
  // A new decoder for each frame: a used one keeps the tables of the frame before, and a frame may lack its own.
  jpeg_destroy_decompress(&info_);
  if (!isDecoded && rowsRead_ == 0) {
    faults_.add(FrameFault::wrongData);
    return unusable(faults_);
  }
  if (rowsRead_ < jpeg.layout().mcuRows) {
    faults_.add(FrameFault::wrongData);
    damage_.spoilRest(rowsRead_);
  }
  return judge(target, previous);
}

/** Only trivial objects live here, since libjpeg's errors leave it by longjmp. */
bool JpegDecoder::decodeRows(std::uint8_t* target) {
  if (setjmp(errors_.jump) != 0) return false;
  jpeg_create_decompress(&info_);
  info_.src = &source_;
  jpeg_read_header(&info_, TRUE);
  if (!isPlanar()) return false;
  info_.raw_data_out = TRUE;
  info_.do_fancy_upsampling = FALSE;
  info_.dct_method = JDCT_IFAST;
  jpeg_start_decompress(&info_);
  lines_ = info_.max_v_samp_factor * DCTSIZE;
  while (info_.output_scanline < info_.output_height && rowsRead_ < jpeg_->layout().mcuRows) readRow(target);
  jpeg_finish_decompress(&info_);
  return true;
}

/** Whether the samples are those of luma in full size and of chroma in full, half or (in one direction) quarter size. */
bool JpegDecoder::isPlanar() const {
  if (info_.num_components == 1) return info_.jpeg_color_space == JCS_GRAYSCALE;
  if (info_.num_components != kComponents || info_.jpeg_color_space != JCS_YCbCr) return false;
  const jpeg_component_info* parts = info_.comp_info;
  const int across = parts[0].h_samp_factor;
  const int down = parts[0].v_samp_factor;
  const auto isShare = [](int whole, int part) { return whole == part || whole == 2 * part || whole == 4 * part; };
  const auto fits = [&](const jpeg_component_info& part) {
    return isShare(across, part.h_samp_factor) && isShare(down, part.v_samp_factor);
  };
  return down * DCTSIZE <= kMostLines && fits(parts[1]) && fits(parts[2]);
}

void JpegDecoder::readRow(std::uint8_t* target) {
  JSAMPROW rows[kComponents][kMostLines];
  JSAMPARRAY planes[kComponents] = {rows[0], rows[1], rows[2]};
  std::size_t needed = 0;
  for (int i = 0; i < info_.num_components; i++) {
    needed += stride(info_.comp_info[i]) * static_cast<std::size_t>(info_.comp_info[i].v_samp_factor) * DCTSIZE;
  }
  if (samples_.size() < needed) samples_.resize(needed);
  std::uint8_t* at = samples_.data();
  for (int i = 0; i < info_.num_components; i++) {
    for (int line = 0; line < info_.comp_info[i].v_samp_factor * DCTSIZE; line++, at += stride(info_.comp_info[i])) rows[i][line] = at;
  }
  jpeg_read_raw_data(&info_, planes, static_cast<JDIMENSION>(lines_));
  writeLuma(rowsRead_, target);
  writeChroma(rowsRead_, target);
  rowsRead_++;
}

void JpegDecoder::writeLuma(int row, std::uint8_t* target) const {
  const I420Planes<std::uint8_t> to(target, width_, height_);
  const int first = row * lines_;
  for (int line = 0; line < std::min(lines_, height_ - first); line++) {
    const std::uint8_t* from = samples_.data() + static_cast<std::size_t>(line) * stride(info_.comp_info[0]);
    compressLuma(from, to.y + static_cast<std::size_t>(first + line) * static_cast<std::size_t>(width_), static_cast<std::size_t>(width_));
  }
}

void JpegDecoder::writeChroma(int row, std::uint8_t* target) {
  const I420Planes<std::uint8_t> to(target, width_, height_);
  const auto width = static_cast<std::size_t>(to.chromaStride);
  const int first = row * lines_ / 2;
  const int count = std::min(lines_ / 2, chromaSize(height_) - first);
  const std::uint8_t* from = samples_.data() + stride(info_.comp_info[0]) * static_cast<std::size_t>(lines_);
  for (int i = 1; i < kComponents; i++) {
    std::uint8_t* plane = (i == 1 ? to.u : to.v) + static_cast<std::size_t>(first) * width;
    if (info_.num_components == 1) {
      std::memset(plane, 128, static_cast<std::size_t>(count) * width);
      continue;
    }
    const jpeg_component_info& part = info_.comp_info[i];
    const ChromaLines lines{from, stride(part), info_.max_h_samp_factor / part.h_samp_factor, info_.max_v_samp_factor / part.v_samp_factor};
    if (line_.size() < 2 * lines.stride) line_.resize(2 * lines.stride);
    for (int line = 0; line < count; line++) {
      compressChroma(halved(lines, line, width, line_.data()), plane + static_cast<std::size_t>(line) * width, width);
    }
    from += lines.stride * static_cast<std::size_t>(part.v_samp_factor) * DCTSIZE;
  }
}

FrameVerdict JpegDecoder::judge(std::uint8_t* target, const std::uint8_t* previous) {
  const int rows = jpeg_->layout().mcuRows;
  const int damaged = damage_.count();
  if (damaged == 0) return {faults_.isEmpty() ? FrameQuality::whole : FrameQuality::repaired, faults_, true};
  // Half a picture says less than the one before.
  if (2 * damaged >= rows) return unusable(faults_);
  for (int row = 0; row < rows && previous != nullptr; row++) {
    if (damage_.isDamaged(row)) copyRow(row, target, previous);
  }
  return {FrameQuality::damaged, faults_, true};
}

void JpegDecoder::copyRow(int row, std::uint8_t* target, const std::uint8_t* previous) const {
  const I420Planes<std::uint8_t> to(target, width_, height_);
  const auto copy = [&](const std::uint8_t* plane, int stride, int first, int count) {
    const std::size_t at = static_cast<std::size_t>(plane - target) + static_cast<std::size_t>(first) * static_cast<std::size_t>(stride);
    std::memcpy(target + at, previous + at, static_cast<std::size_t>(count) * static_cast<std::size_t>(stride));
  };
  const int first = row * lines_;
  copy(to.y, to.width, first, std::min(lines_, height_ - first));
  const int chromaLines = std::min(lines_ / 2, chromaSize(height_) - first / 2);
  copy(to.u, to.chromaStride, first / 2, chromaLines);
  copy(to.v, to.chromaStride, first / 2, chromaLines);
}

void JpegDecoder::onError(j_common_ptr info) { std::longjmp(reinterpret_cast<Errors*>(info->err)->jump, 1); }

void JpegDecoder::onMessage(j_common_ptr info, int level) {
  constexpr int kWarning = -1;
  if (level == kWarning) reinterpret_cast<Errors*>(info->err)->decoder->warn(info->err->msg_code);
}

/** Called at a marker that is not the expected restart marker, such as one that a wrong byte made. */
boolean JpegDecoder::resync(j_decompress_ptr info, int desired) {
  const JpegDecoder& self = *reinterpret_cast<Errors*>(info->err)->decoder;
  if (!self.jpeg_->layout().isOneScan) return jpeg_resync_to_restart(info, desired);
  jpeg_source_mgr& source = *info->src;
  while (info->unread_marker != JPEG_RST0 + desired && info->unread_marker != JPEG_EOI) {
    info->unread_marker = 0;
    while (info->unread_marker == 0) {
      if (source.bytes_in_buffer < 2) endOfSource(info);
      const bool isMarker = source.next_input_byte[0] == 0xFF && source.next_input_byte[1] != 0;
      if (isMarker) info->unread_marker = source.next_input_byte[1];
      skipSource(info, isMarker ? 2 : 1);
    }
  }
  // The end marker stays, and the rest of the picture remains grey.
  if (info->unread_marker != JPEG_EOI) info->unread_marker = 0;
  return TRUE;
}

std::size_t JpegDecoder::offset() const { return jpeg_->bytes().size() - source_.bytes_in_buffer; }

void JpegDecoder::warn(int code) {
  const int row = static_cast<int>(info_.input_iMCU_row);
  const JpegLayout& layout = jpeg_->layout();
  if (code == JWRN_EXTRANEOUS_DATA) {
    onExtraneous(errors_.manager.msg_parm.i[0], errors_.manager.msg_parm.i[1] == JPEG_EOI);
  } else if (code == JWRN_HIT_MARKER && layout.isOneScan && !layout.hasEnd && damage_.isInLastInterval(offset())) {
    faults_.add(FrameFault::cutShort);
    damage_.spoilRest(row);
  } else if (code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE) {
    faults_.add(FrameFault::wrongData);
    damage_.spoilInterval(row, offset());
  }
}

void JpegDecoder::onExtraneous(int count, bool isAtEnd) {
  faults_.add(isAtEnd ? FrameFault::bytesBeforeEnd : FrameFault::bytesBeforeRestart);
  if (count <= kMostStrayBytes) return;
  const std::size_t end = offset();
  const std::size_t start = end - std::min(end, static_cast<std::size_t>(count) + 2);
  const auto stray = jpeg_->bytes().subspan(start, end - start - std::min<std::size_t>(end - start, 2));
  if (std::all_of(stray.begin(), stray.end(), [](std::uint8_t byte) { return byte == 0; })) return;
  faults_.add(FrameFault::wrongData);
  damage_.spoilInterval(std::min(rowsRead_, jpeg_->layout().mcuRows - 1), end);
}

}  // namespace callnative
