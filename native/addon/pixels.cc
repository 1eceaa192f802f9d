// See pixels.h.
#include "pixels.h"

#include <memory>

#include "frame-argument.h"
#include "pixels/pixel-convert.h"
#include "pixels/rotate.h"
#include "pixels/stamp.h"

namespace callnative {

namespace {

class RgbaWorker : public Napi::AsyncWorker {
 public:
  explicit RgbaWorker(const Napi::CallbackInfo& info)
      : AsyncWorker(info.Env(), "toRgba"),
        deferred_(Napi::Promise::Deferred::New(info.Env())),
        frame_(frameArgument(info, 0)),
        keepAlive_(Napi::Persistent(info[0].As<Napi::Object>())),
        rotation_(rotationArgument(info, 3)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override {
    Rotator rotator;
    const FrameView upright = rotator.upright({frame_.data, frame_.width, frame_.height}, rotation_);
    const std::size_t pixels = static_cast<std::size_t>(upright.width) * static_cast<std::size_t>(upright.height);
    rgba_ = std::make_shared<std::vector<std::uint8_t>>(pixels * 4);
    i420ToRgba(upright.data, upright.width, upright.height, rgba_->data());
  }

  void OnOK() override { deferred_.Resolve(shareBuffer(Env(), rgba_)); }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  Napi::Promise::Deferred deferred_;
  FrameArgument frame_;
  Napi::ObjectReference keepAlive_;
  int rotation_;
  std::shared_ptr<std::vector<std::uint8_t>> rgba_;
};

}  // namespace

Napi::Value toRgba(const Napi::CallbackInfo& info) {
  auto worker = std::make_unique<RgbaWorker>(info);
  const Napi::Promise promise = worker->promise();
  // The worker deletes itself when it is done.
  worker.release()->Queue();
  return promise;
}

Napi::Value readStampOf(const Napi::CallbackInfo& info) {
  const FrameArgument frame = frameArgument(info, 0);
  const auto stamp = readStamp(frame.data, frame.width, frame.height);
  if (!stamp) return info.Env().Null();
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("ticks", static_cast<double>(stamp->ticks));
  object.Set("sequence", static_cast<double>(stamp->sequence));
  return object;
}

}  // namespace callnative
