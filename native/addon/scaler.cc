// Each frame is scaled on a worker thread. The buffer is reused while the size stays the same.
#include "scaler.h"

#include <memory>

#include "frame-argument.h"
#include "pixels/frame.h"
#include "pixels/scale.h"

namespace callnative {

namespace {

struct ScalerState {
  bool busy = false;
  std::shared_ptr<std::vector<std::uint8_t>> bytes;
  Napi::Reference<Napi::ArrayBuffer> buffer;

  /** Makes the buffer exactly `size` bytes long, because WebRTC's source reads the whole of it. Main thread. */
  void fit(Napi::Env env, std::size_t size) {
    if (bytes && bytes->size() == size) return;
    bytes = std::make_shared<std::vector<std::uint8_t>>(size);
    buffer = Napi::Persistent(shareBuffer(env, bytes));
  }
};

class ScaleWorker : public Napi::AsyncWorker {
 public:
  ScaleWorker(const Napi::CallbackInfo& info, std::shared_ptr<ScalerState> state)
      : AsyncWorker(info.Env(), "scale"),
        deferred_(Napi::Promise::Deferred::New(info.Env())),
        state_(std::move(state)),
        frame_(frameArgument(info, 0)),
        keepAlive_(Napi::Persistent(info[0].As<Napi::Object>())),
        width_(info[3].ToNumber().Int32Value()),
        height_(info[4].ToNumber().Int32Value()) {
    state_->fit(info.Env(), i420Size(width_, height_));
  }

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override {
    if (scaleI420(frame_.data, frame_.width, frame_.height, state_->bytes->data(), width_, height_)) return;
    SetError("scale: a frame of " + std::to_string(frame_.width) + "x" + std::to_string(frame_.height) +
             " cannot be scaled to " + std::to_string(width_) + "x" + std::to_string(height_));
  }

  void OnOK() override {
    state_->busy = false;
    deferred_.Resolve(state_->buffer.Value());
  }

  void OnError(const Napi::Error& error) override {
    state_->busy = false;
    deferred_.Reject(error.Value());
  }

 private:
  Napi::Promise::Deferred deferred_;
  std::shared_ptr<ScalerState> state_;
  FrameArgument frame_;
  Napi::ObjectReference keepAlive_;
  int width_;
  int height_;
};

}  // namespace

Napi::Value createScaler(const Napi::CallbackInfo& info) {
  const auto state = std::make_shared<ScalerState>();
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("scale", Napi::Function::New(info.Env(), [state](const Napi::CallbackInfo& call) -> Napi::Value {
               if (state->busy) throw Napi::Error::New(call.Env(), "scale: this scaler is still scaling another frame");
               auto worker = std::make_unique<ScaleWorker>(call, state);
               const Napi::Promise promise = worker->promise();
               state->busy = true;
               // The worker deletes itself when it is done.
               worker.release()->Queue();
               return promise;
             }));
  return object;
}

}  // namespace callnative
