// Each encode runs on a worker thread. The result's ArrayBuffer is reused until a larger one is needed.
#include "encoder.h"

#include <memory>

#include "pixels/jpeg-encode.h"
#include "frame-argument.h"

namespace callnative {

namespace {

using Bytes = std::shared_ptr<std::vector<std::uint8_t>>;

/** The one ArrayBuffer of a piece of native memory: V8 forbids a second. */
class SharedBuffer {
 public:
  Napi::ArrayBuffer of(Napi::Env env, const Bytes& bytes) {
    if (shared_ != bytes) {
      shared_ = bytes;
      buffer_ = Napi::Persistent(shareBuffer(env, shared_));
    }
    return buffer_.Value();
  }

 private:
  Bytes shared_;
  Napi::Reference<Napi::ArrayBuffer> buffer_;
};

struct EncoderState {
  JpegEncoder encoder;
  bool busy = false;
  SharedBuffer text;
  SharedBuffer jpeg;

  Napi::ArrayBuffer textBuffer(Napi::Env env) { return text.of(env, encoder.text()); }
  Napi::ArrayBuffer jpegBuffer(Napi::Env env) { return jpeg.of(env, encoder.jpeg()); }
};

enum class Output { kText, kJpeg };

template <Output kOutput>
class EncodeWorker : public Napi::AsyncWorker {
 public:
  EncodeWorker(const Napi::CallbackInfo& info, std::shared_ptr<EncoderState> state)
      : AsyncWorker(info.Env(), "encodeJpeg"),
        deferred_(Napi::Promise::Deferred::New(info.Env())),
        state_(std::move(state)),
        frame_(frameArgument(info, 0)),
        keepAlive_(Napi::Persistent(info[0].As<Napi::Object>())),
        maxWidth_(info[3].ToNumber().Int32Value()),
        quality_(info[4].ToNumber().Int32Value()),
        rotation_(rotationArgument(info, 5)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override {
    JpegEncoder& encoder = state_->encoder;
    const auto made = encoder.compress(frame_.data, frame_.width, frame_.height, maxWidth_, quality_, rotation_);
    width_ = made.width;
    height_ = made.height;
    length_ = kOutput == Output::kText ? encoder.encodeText(encoder.jpeg()->data(), made.length) : made.length;
  }

  void OnOK() override {
    state_->busy = false;
    Napi::Object result = Napi::Object::New(Env());
    result.Set("buffer", kOutput == Output::kText ? state_->textBuffer(Env()) : state_->jpegBuffer(Env()));
    result.Set("length", static_cast<double>(length_));
    result.Set("width", width_);
    result.Set("height", height_);
    deferred_.Resolve(result);
  }

  void OnError(const Napi::Error& error) override {
    state_->busy = false;
    deferred_.Reject(error.Value());
  }

 private:
  Napi::Promise::Deferred deferred_;
  std::shared_ptr<EncoderState> state_;
  FrameArgument frame_;
  Napi::ObjectReference keepAlive_;
  int maxWidth_;
  int quality_;
  int rotation_;
  std::size_t length_ = 0;
  int width_ = 0;
  int height_ = 0;
};

/** Makes base64 text of an existing JPEG, such as a camera's own. */
class TextWorker : public Napi::AsyncWorker {
 public:
  TextWorker(const Napi::CallbackInfo& info, std::shared_ptr<EncoderState> state)
      : AsyncWorker(info.Env(), "jpegText"),
        deferred_(Napi::Promise::Deferred::New(info.Env())),
        state_(std::move(state)),
        keepAlive_(Napi::Persistent(info[0].As<Napi::Object>())) {
    const auto bytes = info[0].As<Napi::TypedArray>();
    data_ = static_cast<const std::uint8_t*>(bytes.ArrayBuffer().Data()) + bytes.ByteOffset();
    length_ = bytes.ByteLength();
  }

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override { textLength_ = state_->encoder.encodeText(data_, length_); }

  void OnOK() override {
    state_->busy = false;
    Napi::Object result = Napi::Object::New(Env());
    result.Set("buffer", state_->textBuffer(Env()));
    result.Set("length", static_cast<double>(textLength_));
    deferred_.Resolve(result);
  }

  void OnError(const Napi::Error& error) override {
    state_->busy = false;
    deferred_.Reject(error.Value());
  }

 private:
  Napi::Promise::Deferred deferred_;
  std::shared_ptr<EncoderState> state_;
  Napi::ObjectReference keepAlive_;
  const std::uint8_t* data_;
  std::size_t length_;
  std::size_t textLength_ = 0;
};

/** Queues a job. An encoder runs one job at a time. */
template <typename Worker>
Napi::Value begin(const Napi::CallbackInfo& call, const std::shared_ptr<EncoderState>& state) {
  if (state->busy) throw Napi::Error::New(call.Env(), "encode: this encoder is still encoding another frame");
  auto worker = std::make_unique<Worker>(call, state);
  const Napi::Promise promise = worker->promise();
  state->busy = true;
  // The worker deletes itself when it is done.
  worker.release()->Queue();
  return promise;
}

}  // namespace

Napi::Value createEncoder(const Napi::CallbackInfo& info) {
  const auto state = std::make_shared<EncoderState>();
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("encode", Napi::Function::New(info.Env(), [state](const Napi::CallbackInfo& call) { return begin<EncodeWorker<Output::kText>>(call, state); }));
  object.Set("compress", Napi::Function::New(info.Env(), [state](const Napi::CallbackInfo& call) { return begin<EncodeWorker<Output::kJpeg>>(call, state); }));
  object.Set("text", Napi::Function::New(info.Env(), [state](const Napi::CallbackInfo& call) { return begin<TextWorker>(call, state); }));
  return object;
}

}  // namespace callnative
