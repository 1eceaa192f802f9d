// See open-capture.h.
#include "open-capture.h"

#include <memory>
#include <optional>
#include <string>

#include "capture-session.h"
#include "errors.h"
#include "capture/test-pattern.h"
#include "capture/v4l2-source.h"

namespace callnative {

namespace {

/** One slot is written, one waits, and wrtc, the encoder and the preview hold one each. */
constexpr int kPoolSlots = 5;

class OpenWorker : public Napi::AsyncWorker {
 public:
  OpenWorker(Napi::Env env, std::string path, const CaptureConstraints& constraints, const Napi::Function& listener)
      : AsyncWorker(env, "openCapture"),
        deferred_(Napi::Promise::Deferred::New(env)),
        path_(std::move(path)),
        constraints_(constraints),
        listener_(Napi::Persistent(listener)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override {
    try {
      if (path_.empty()) {
        source_ = std::make_unique<TestPattern>(constraints_);
      } else {
        source_ = std::make_unique<V4l2Source>(path_, constraints_);
      }
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
  std::string path_;
  CaptureConstraints constraints_;
  Napi::FunctionReference listener_;
  std::unique_ptr<FrameSource> source_;
  std::shared_ptr<FramePool> pool_;
  std::optional<SystemError> failure_;
};

}  // namespace

Napi::Value openCapture(const Napi::CallbackInfo& info) {
  const CaptureConstraints constraints{info[1].ToNumber().Int32Value(), info[2].ToNumber().Int32Value(), info[3].ToNumber().DoubleValue(),
                  info[4].ToString().Utf8Value()};
  auto* worker = new OpenWorker(info.Env(), info[0].ToString().Utf8Value(), constraints, info[5].As<Napi::Function>());
  const Napi::Promise promise = worker->promise();
  worker->Queue();
  return promise;
}

}  // namespace callnative
