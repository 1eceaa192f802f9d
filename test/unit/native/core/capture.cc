// The frame pool, the capture thread with a scripted source, and the errors of opening files that are not cameras.
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include "capture/capture-thread.h"
#include "check.h"
#include "capture/test-pattern.h"
#include "capture/v4l2-list.h"
#include "capture/v4l2-source.h"
#include "system/system-error.h"

using namespace callnative;

namespace {

/** Delivers without waiting. Every third frame is damaged. Fails after `count` frames unless `count` is negative. */
class ScriptedSource final : public FrameSource {
 public:
  ScriptedSource(int count, std::atomic<bool>& closed) : count_(count), closed_(closed) {}
  ~ScriptedSource() override { closed_ = true; }
  const Mode& mode() const override { return mode_; }
  bool wait(int stopFd) override {
    pollfd stop{stopFd, POLLIN, 0};
    if (::poll(&stop, 1, 0) > 0) return false;
    if (count_-- == 0) throw SystemError("VIDIOC_DQBUF", ENODEV, "/dev/scripted");
    return true;
  }
  FrameVerdict take(std::uint8_t* target, const std::uint8_t* previous) override {
    if (previous_ != nullptr) *previous_ = previous == nullptr ? 0 : previous[0];
    target[0] = static_cast<std::uint8_t>(++taken_);
    return taken_ % 3 != 0 ? FrameVerdict{} : unusable(FrameFault::cutShort);
  }
  void skip() override {}
  int passedOver() const override { return passedOver_; }
  void passOver(int frames) { passedOver_ = frames; }
  /** Notes the first byte of the frame before the one taken last. */
  void reportPrevious(std::atomic<int>& previous) { previous_ = &previous; }
  std::int64_t capturedAtUs() const override { return taken_; }

 private:
  int count_;
  std::atomic<bool>& closed_;
  int taken_ = 0;
  std::atomic<int>* previous_ = nullptr;
  int passedOver_ = 0;
  Mode mode_{2, 2, 30, "I420"};
};

/** Fails with an exception that is not a SystemError. */
class ThrowingSource final : public FrameSource {
 public:
  const Mode& mode() const override { return mode_; }
  bool wait(int /*stopFd*/) override { return true; }
  FrameVerdict take(std::uint8_t* /*target*/, const std::uint8_t* /*previous*/) override { throw std::runtime_error("no memory for a frame"); }
  void skip() override {}
  std::int64_t capturedAtUs() const override { return 0; }

 private:
  Mode mode_{2, 2, 30, "I420"};
};

struct Signal {
  std::mutex mutex;
  std::condition_variable changed;
  int count = 0;

  void raise() {
    const std::lock_guard lock(mutex);
    count++;
    changed.notify_all();
  }
  void await(int least) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return count >= least; });
  }
};

void expectClosedSum(const Counters& counters) {
  check::equal(counters.captured, counters.faulty + counters.dropped + counters.delivered, "captured");
}

std::string failureOf(const std::string& path) {
  try {
    const V4l2Source source(path, {640, 480, 30});
  } catch (const SystemError& error) {
    return error.operation() + " " + error.errnoName() + " " + error.path();
  }
  return "opened";
}

int lowestFreeFd() {
  const UniqueFd probe(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  return probe.get();
}

}  // namespace

TEST("the pool delivers the newest frame, counts replaced frames, and drops frames when all slots are lent") {
  FramePool pool(2, 6);
  const int first = *pool.beginWrite();
  pool.publish(first, 1);
  const int second = *pool.beginWrite();
  pool.publish(second, 2);
  const auto ready = pool.collect();
  check::equal(ready->capturedAtUs, 2, "the newest");
  check::that(!pool.collect().has_value(), "a second frame");
  const int third = *pool.beginWrite();
  pool.publish(third, 3);
  check::that(pool.collect().has_value(), "no third frame");
  check::that(!pool.beginWrite().has_value(), "a slot although both are lent");
  pool.giveBack(ready->slot);
  check::that(pool.beginWrite().has_value(), "no slot after one came back");
  pool.abandon(ready->slot);
  const Counters counters = pool.counters();
  check::equal(counters.dropped, 2U, "dropped");
  check::equal(counters.faulty, 1U, "faulty");
  expectClosedSum(counters);
}

TEST("a newer frame takes the slot of a waiting frame when no slot is free") {
  FramePool pool(1, 6);
  pool.publish(*pool.beginWrite(), 1);
  pool.publish(*pool.beginWrite(), 2);
  check::equal(pool.collect()->capturedAtUs, 2, "the newest");
  check::equal(pool.counters().dropped, 1U, "dropped");
}

TEST("a failing source ends the thread, its error is returned once, and stop closes it") {
  std::atomic<bool> closed = false;
  Signal woken;
  const auto pool = std::make_shared<FramePool>(3, 6);
  CaptureThread thread(std::make_unique<ScriptedSource>(9, closed), pool, [&] { woken.raise(); });
  // Six good frames and the failure.
  woken.await(7);
  const auto failure = thread.takeFailure();
  check::that(failure.has_value() && failure->code() == ENODEV, "no failure");
  check::that(!thread.takeFailure().has_value(), "the failure twice");
  thread.stop();
  check::that(closed, "the source is still open");
  check::equal(pool->counters().captured, 9U, "captured");
  check::equal(pool->counters().faulty, 3U, "faulty");
  check::equal(pool->counters().damaged, 3U, "damaged");
  check::equal(pool->counters().whole, 6U, "whole");
  check::equal(pool->counters().faults[static_cast<std::size_t>(FrameFault::cutShort)], 3U, "cut short");
  expectClosedSum(pool->counters());
}

TEST("whole, repaired and damaged frames are counted apart, and shown ones among them are not faulty") {
  FramePool pool(1, 6);
  FaultSet faults;
  faults.add(FrameFault::noEndMarker);
  for (const FrameVerdict& verdict : {FrameVerdict{}, FrameVerdict{FrameQuality::repaired, faults, true}, FrameVerdict{FrameQuality::damaged, faults, true}}) {
    pool.publish(*pool.beginWrite(), 1, 0, verdict);
  }
  pool.abandon(*pool.beginWrite(), unusable(FrameFault::notJpeg));
  const Counters counters = pool.counters();
  check::equal(counters.whole, 1U, "whole");
  check::equal(counters.repaired, 1U, "repaired");
  check::equal(counters.damaged, 2U, "damaged");
  check::equal(counters.faulty, 1U, "faulty");
  check::equal(counters.faults[static_cast<std::size_t>(FrameFault::noEndMarker)], 2U, "without end marker");
}

TEST("a source gets the frame that was shown before, unless its slot is written again") {
  for (const int slots : {1, 3}) {
    std::atomic<bool> closed = false;
    Signal woken;
    const auto pool = std::make_shared<FramePool>(slots, 6);
    std::atomic<int> seen = -1;
    auto source = std::make_unique<ScriptedSource>(5, closed);
    source->reportPrevious(seen);
    CaptureThread thread(std::move(source), pool, [&] { woken.raise(); });
    // Four good frames and the failure.
    woken.await(5);
    thread.stop();
    // The third frame is damaged, so the fourth is the one shown before the fifth.
    check::equal(seen.load(), slots == 1 ? 0 : 4, "the frame before the fifth");
  }
}

TEST("a source that throws another exception than SystemError ends the thread and not the process") {
  Signal woken;
  const auto pool = std::make_shared<FramePool>(3, 6);
  CaptureThread thread(std::make_unique<ThrowingSource>(), pool, [&] { woken.raise(); });
  woken.await(1);
  const auto failure = thread.takeFailure();
  check::that(failure.has_value(), "no failure");
  check::equal(failure->code(), 0, "code");
  check::equal(std::string(failure->what()), std::string("capturing failed: no memory for a frame"), "what");
  thread.stop();
  expectClosedSum(pool->counters());
}

TEST("frames that a source passed over are counted as dropped") {
  std::atomic<bool> closed = false;
  Signal woken;
  const auto pool = std::make_shared<FramePool>(3, 6);
  auto source = std::make_unique<ScriptedSource>(3, closed);
  source->passOver(2);
  CaptureThread thread(std::move(source), pool, [&] { woken.raise(); });
  // Two good frames and the failure.
  woken.await(3);
  thread.stop();
  check::equal(pool->counters().captured, 9U, "captured");
  check::that(pool->counters().dropped >= 6, "the six passed over are missing");
  expectClosedSum(pool->counters());
}

TEST("stopping from two threads at once joins the capture thread once and closes the counters' sum") {
  for (int round = 0; round < 50; round++) {
    std::atomic<bool> closed = false;
    const auto pool = std::make_shared<FramePool>(3, 6);
    CaptureThread thread(std::make_unique<ScriptedSource>(-1, closed), pool, [] {});
    std::thread other([&] { thread.stop(); });
    thread.stop();
    other.join();
    check::that(closed, "the source is still open");
    expectClosedSum(pool->counters());
  }
}

TEST("the test pattern draws within its buffer at odd and even sizes, and stops while it waits") {
  for (const auto& [width, height] : {std::pair{64, 32}, {65, 33}, {321, 241}, {640, 480}, {99, 400}}) {
    Signal woken;
    const auto pool = std::make_shared<FramePool>(2, i420Size(width, height));
    // The second frame is due after a second, so stop has to interrupt the wait.
    CaptureThread thread(std::make_unique<TestPattern>(CaptureConstraints{width, height, 1}), pool, [&] { woken.raise(); });
    woken.await(1);
    thread.stop();
  }
  TestPattern fast(CaptureConstraints{65, 33, 240});
  std::vector<std::uint8_t> frame(i420Size(65, 33));
  for (int i = 0; i < 500; i++) check::that(fast.take(frame.data(), nullptr).isShown, "a frame of the pattern is damaged");
}

TEST("opening a file that is not a camera fails with operation, errno and path, and leaves no descriptor open") {
  const int before = lowestFreeFd();
  check::equal(failureOf("/dev/no-such-video"), std::string("open ENOENT /dev/no-such-video"), "missing");
  check::equal(failureOf("/dev/null"), std::string("VIDIOC_QUERYCAP ENOTTY /dev/null"), "another device");
  check::equal(failureOf("/"), std::string("open EISDIR /"), "a directory");
  check::equal(lowestFreeFd(), before, "lowest free descriptor");
}

TEST("listing cameras leaves no descriptor open") {
  const int before = lowestFreeFd();
  listCameras();
  check::equal(lowestFreeFd(), before, "lowest free descriptor");
}

TEST("listing cameras without a free descriptor fails with the system's reason, so that no camera counts as gone") {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(lowestFreeFd());
  setrlimit(RLIMIT_NOFILE, &none);
  std::string failure = "nothing";
  try {
    listCameras();
  } catch (const SystemError& error) {
    failure = error.errnoName();
  }
  setrlimit(RLIMIT_NOFILE, &before);
  check::equal(failure, std::string("EMFILE"), "failure");
}
