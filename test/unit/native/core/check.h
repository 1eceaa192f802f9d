// A minimal test framework: each TEST prints one line, "ok" or "not ok" with the reason.
#pragma once

#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace check {

struct Test {
  std::string name;
  std::function<void()> body;
};

inline std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

struct Registration {
  Registration(const char* name, std::function<void()> body) { tests().push_back({name, std::move(body)}); }
};

template <typename Left, typename Right>
void equal(const Left& actual, const Right& expected, const std::string& what) {
  if (actual == expected) return;
  std::ostringstream text;
  text << what << ": " << actual << ", expected " << expected;
  throw std::runtime_error(text.str());
}

inline void that(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}

}  // namespace check

#define CHECK_JOIN_(a, b) a##b
#define CHECK_JOIN(a, b) CHECK_JOIN_(a, b)
#define TEST(name) \
  static void CHECK_JOIN(test, __LINE__)(); \
  static const check::Registration CHECK_JOIN(registration, __LINE__)(name, CHECK_JOIN(test, __LINE__)); \
  static void CHECK_JOIN(test, __LINE__)()
