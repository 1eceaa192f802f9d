// See coded-data.h.
#include "jpeg/coded-data.h"

#include <algorithm>

namespace callnative {

namespace {

constexpr std::uint8_t kMarker = 0xFF;
constexpr std::uint8_t kHuffmanTables = 0xC4;
constexpr int kSamples = 64;

std::size_t segmentLength(std::span<const std::uint8_t> jpeg, std::size_t at) {
  return 2 + (static_cast<std::size_t>(jpeg[at + 2]) << 8 | jpeg[at + 3]);
}

}  // namespace

/** Gives zeros behind the end of the data. */
class CodedData::Bits {
 public:
  explicit Bits(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  /** The next `count` bits, up to 16. */
  unsigned peek(int count) {
    if (held_ < count) fill();
    return static_cast<unsigned>(bits_ >> (held_ - count)) & ((1U << count) - 1);
  }
  void skip(int count) {
    if (held_ < count) fill();
    held_ -= count;
  }
  void fail() { isWrong_ = true; }
  bool isWrong() const { return isWrong_ || held_ < 8 * padding_; }

  /** Offset behind the byte of the last bit that was read. */
  std::size_t end() const {
    std::size_t at = at_;
    for (int unread = held_ / 8 - padding_; unread > 0; unread--) at -= isStuffed(at) ? 2 : 1;
    return at;
  }

 private:
  /** Whether the data byte before `at` is FF, which is coded as FF 00. */
  bool isStuffed(std::size_t at) const { return at >= 2 && bytes_[at - 1] == 0 && bytes_[at - 2] == kMarker; }

  /** The data ends at any marker. */
  bool isAtEnd() const {
    if (at_ >= bytes_.size()) return true;
    return bytes_[at_] == kMarker && (at_ + 1 == bytes_.size() || bytes_[at_ + 1] != 0);
  }

  void fill() {
    for (; held_ <= 48; held_ += 8) {
      std::uint8_t byte = 0;
      if (isAtEnd()) {
        padding_++;
      } else {
        byte = bytes_[at_];
        at_ += byte == kMarker ? 2 : 1;
      }
      bits_ = bits_ << 8 | byte;
    }
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  std::uint64_t bits_ = 0;
  int held_ = 0;
  /** Bytes of zeros behind the end, of which some may still be held. */
  int padding_ = 0;
  bool isWrong_ = false;
};

bool CodedData::readHeader(std::span<const std::uint8_t> jpeg, std::size_t scanHeader) {
  for (auto& kind : tables_) {
    for (Table& table : kind) table.isSet = false;
  }
  std::size_t frame = 0;
  for (std::size_t at = 2; at < scanHeader; at += segmentLength(jpeg, at)) {
    if (jpeg[at + 1] == kHuffmanTables) readTables(jpeg.subspan(at + 4, segmentLength(jpeg, at) - 4));
    if (jpeg[at + 1] == 0xC0 || jpeg[at + 1] == 0xC1) frame = at;
  }
  blocksInMcu_ = 0;
  const std::size_t components = jpeg[scanHeader + 4];
  for (std::size_t i = 0; i < components; i++) {
    const std::uint8_t* selected = &jpeg[scanHeader + 5 + 2 * i];
    const std::uint8_t* sampling = nullptr;
    for (std::size_t j = 0; j < jpeg[frame + 9]; j++) {
      if (jpeg[frame + 10 + 3 * j] == selected[0]) sampling = &jpeg[frame + 11 + 3 * j];
    }
    if (sampling == nullptr) return false;
    const Block block{selected[1] >> 4 & 3, selected[1] & 3};
    if (!tables_[0][static_cast<std::size_t>(block.dc)].isSet || !tables_[1][static_cast<std::size_t>(block.ac)].isSet) return false;
    for (int count = (*sampling >> 4) * (*sampling & 15); count > 0; count--) {
      if (blocksInMcu_ == blocks_.size()) return false;
      blocks_[blocksInMcu_++] = block;
    }
  }
  return true;
}

void CodedData::readTables(std::span<const std::uint8_t> segment) {
  while (segment.size() > 17) {
    const std::size_t length = readTable(segment);
    if (length == 0) return;
    segment = segment.subspan(length);
  }
}

/** Returns the length of the definition; 0 when it is wrong. */
std::size_t CodedData::readTable(std::span<const std::uint8_t> definition) {
  Table& table = tables_[definition[0] >> 4 & 1][definition[0] & 3];
  table.quick.fill(0);
  std::size_t count = 0;
  int code = 0;
  for (int length = 1; length <= 16; length++, code <<= 1) {
    const int codes = definition[static_cast<std::size_t>(length)];
    if (17 + count + static_cast<std::size_t>(codes) > definition.size() || count + static_cast<std::size_t>(codes) > 256) return 0;
    if (code + codes > 1 << length) return 0;
    const auto index = static_cast<std::size_t>(length);
    table.offset[index] = static_cast<int>(count) - code;
    for (int i = 0; i < codes; i++, code++, count++) {
      table.values[count] = definition[17 + count];
      if (length > kQuickBits) continue;
      const int free = kQuickBits - length;
      const auto entry = static_cast<std::uint16_t>(length << 8 | table.values[count]);
      std::fill_n(table.quick.begin() + (code << free), 1 << free, entry);
    }
    table.most[index] = codes == 0 ? -1 : code - 1;
  }
  table.isSet = true;
  return 17 + count;
}

int CodedData::codeFrom(Bits& bits, const Table& table) {
  if (const std::uint16_t quick = table.quick[bits.peek(kQuickBits)]; quick != 0) {
    bits.skip(quick >> 8);
    return quick & 0xFF;
  }
  for (int length = kQuickBits + 1; length <= 16; length++) {
    const int code = static_cast<int>(bits.peek(length));
    const auto index = static_cast<std::size_t>(length);
    if (code > table.most[index]) continue;
    bits.skip(length);
    return table.values[static_cast<std::size_t>(code + table.offset[index]) & 0xFF];
  }
  bits.fail();
  return 0;
}

void CodedData::skipBlock(Bits& bits, const Table& dc, const Table& ac) {
  bits.skip(codeFrom(bits, dc) & 15);
  for (int sample = 1; sample < kSamples; sample++) {
    const int code = codeFrom(bits, ac);
    const int size = code & 15;
    // A run of 16 zeros goes on; any other without a sample ends the block.
    if (size == 0 && code != 0xF0) return;
    sample += code >> 4;
    bits.skip(size);
  }
}

std::optional<std::size_t> CodedData::lengthOf(std::span<const std::uint8_t> bytes, int mcus) const {
  Bits bits(bytes);
  for (int mcu = 0; mcu < mcus && !bits.isWrong(); mcu++) {
    for (std::size_t i = 0; i < blocksInMcu_; i++) {
      const Block block = blocks_[i];
      skipBlock(bits, tables_[0][static_cast<std::size_t>(block.dc)], tables_[1][static_cast<std::size_t>(block.ac)]);
    }
  }
  if (bits.isWrong()) return std::nullopt;
  return bits.end();
}

}  // namespace callnative
