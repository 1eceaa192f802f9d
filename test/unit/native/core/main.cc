// Runs every test of this program. The exit status is the number of failures.
#include <cstdio>
#include <exception>

#include "check.h"

int main() {
  int failures = 0;
  for (const check::Test& test : check::tests()) {
    try {
      test.body();
      std::printf("ok %s\n", test.name.c_str());
    } catch (const std::exception& error) {
      failures++;
      std::printf("not ok %s: %s\n", test.name.c_str(), error.what());
    }
    std::fflush(stdout);
  }
  return failures;
}
