// A table of 4,096 pairs encodes twelve bits at a time, twice as fast as character by character.
#include "pixels/base64.h"

#include <array>
#include <cstring>

namespace callnative {

namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

using Pair = std::array<char, 2>;

constexpr std::array<Pair, 4096> makePairs() {
  std::array<Pair, 4096> pairs{};
  for (std::size_t i = 0; i < pairs.size(); i++) pairs[i] = {kAlphabet[i >> 6], kAlphabet[i & 63]};
  return pairs;
}

constexpr std::array<Pair, 4096> kPairs = makePairs();

}  // namespace

void encodeBase64(const std::uint8_t* data, std::size_t length, std::uint8_t* text) {
  const std::size_t whole = length / 3 * 3;
  for (std::size_t i = 0; i < whole; i += 3, text += 4) {
    const unsigned bits = (static_cast<unsigned>(data[i]) << 16) | (static_cast<unsigned>(data[i + 1]) << 8) | data[i + 2];
    std::memcpy(text, kPairs[bits >> 12].data(), 2);
    std::memcpy(text + 2, kPairs[bits & 4095].data(), 2);
  }
  if (whole == length) return;
  const bool two = length - whole == 2;
  const unsigned bits =
      (static_cast<unsigned>(data[whole]) << 16) | (two ? static_cast<unsigned>(data[whole + 1]) << 8 : 0U);
  std::memcpy(text, kPairs[bits >> 12].data(), 2);
  text[2] = two ? static_cast<std::uint8_t>(kPairs[bits & 4095][0]) : static_cast<std::uint8_t>('=');
  text[3] = '=';
}

}  // namespace callnative
