// See open-worker.h.
#include "open-worker.h"

#include <optional>
#include <utility>

#include "capture-session.h"
#include "../errors.h"

namespace callnative {

namespace {

/** One slot is written, one waits, and wrtc, the encoder and the preview hold one each. */
constexpr int kPoolSlots = 5;

class OpenWorker : public Napi::AsyncWorker {
 public:
  OpenWorker(Napi::Env env, OpenSource open, const Napi::Function& listener)
      : AsyncWorker(env, "openCapture"),
        deferred_(Napi::Promise::Deferred::New(env)),
        open_(std::move(open)),
        listener_(Napi::Persistent(listener)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override {
    try {
      source_ = open_();
      const Mode& mode = source_->mode();
      pool_ = std::make_shared<FramePool>(kPoolSlots, i420Size(mode.width, mode.height), source_->jpegCapacity());
    } catch (const SystemError& error) {
      failure_ = error;
      SetError(error.what());
    }
  }

  void OnOK() override {
    const auto session = std::make_shared<CaptureSession>(source_->mode(), source_->notes(), pool_);
    try {
      session->start(Env(), std::move(source_), listener_.Value());
    } catch (const SystemError& error) {
      deferred_.Reject(toJsError(Env(), error).Value());
      return;
    }
    deferred_.Resolve(session->toObject(Env()));
  }

  void OnError(const Napi::Error& error) override {
    deferred_.Reject(failure_ ? toJsError(Env(), *failure_).Value() : error.Value());
  }

 private:
  Napi::Promise::Deferred deferred_;
  OpenSource open_;
  Napi::FunctionReference listener_;
  std::unique_ptr<FrameSource> source_;
  std::shared_ptr<FramePool> pool_;
  std::optional<SystemError> failure_;
};

}  // namespace

Napi::Value openOnWorker(Napi::Env env, OpenSource open, const Napi::Function& listener) {
  auto* worker = new OpenWorker(env, std::move(open), listener);
  const Napi::Promise promise = worker->promise();
  worker->Queue();
  return promise;
}

}  // namespace callnative
