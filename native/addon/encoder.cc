// Each encode runs on a worker thread; the text's ArrayBuffer is made once and again only when it has grown.
#include "encoder.h"

#include <memory>

#include "jpeg-encode.h"
#include "picture-argument.h"

namespace callnative {

namespace {

struct EncoderState {
  JpegEncoder encoder;
  bool busy = false;
  std::shared_ptr<std::vector<std::uint8_t>> shared;
  Napi::Reference<Napi::ArrayBuffer> buffer;

  Napi::ArrayBuffer textBuffer(Napi::Env env) {
    if (shared != encoder.text()) {
      shared = encoder.text();
      buffer = Napi::Persistent(shareBuffer(env, shared));
    }
    return buffer.Value();
  }
};

class EncodeWorker : public Napi::AsyncWorker {
 public:
  EncodeWorker(const Napi::CallbackInfo& info, std::shared_ptr<EncoderState> state)
      : AsyncWorker(info.Env(), "encodeJpeg"),
        deferred_(Napi::Promise::Deferred::New(info.Env())),
        state_(std::move(state)),
        picture_(pictureArgument(info, 0)),
        keepAlive_(Napi::Persistent(info[0].As<Napi::Object>())),
        maxWidth_(info[3].ToNumber().Int32Value()),
        quality_(info[4].ToNumber().Int32Value()) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override {
    result_ = state_->encoder.encode(picture_.data, picture_.width, picture_.height, maxWidth_, quality_);
  }

  void OnOK() override {
    state_->busy = false;
    Napi::Object result = Napi::Object::New(Env());
    result.Set("buffer", state_->textBuffer(Env()));
    result.Set("length", static_cast<double>(result_.textLength));
    result.Set("width", result_.width);
    result.Set("height", result_.height);
    deferred_.Resolve(result);
  }

  void OnError(const Napi::Error& error) override {
    state_->busy = false;
    deferred_.Reject(error.Value());
  }

 private:
  Napi::Promise::Deferred deferred_;
  std::shared_ptr<EncoderState> state_;
  PictureArgument picture_;
  Napi::ObjectReference keepAlive_;
  int maxWidth_;
  int quality_;
  JpegEncoder::Result result_{};
};

/** Only the text of a JPEG that is there already: a camera's own. */
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

/** Begins one piece of work of an encoder, which does one at a time. */
template <typename Worker>
Napi::Value begin(const Napi::CallbackInfo& call, const std::shared_ptr<EncoderState>& state) {
  if (state->busy) throw Napi::Error::New(call.Env(), "encode: this encoder is still at work on a picture");
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
  object.Set("encode", Napi::Function::New(info.Env(), [state](const Napi::CallbackInfo& call) { return begin<EncodeWorker>(call, state); }));
  object.Set("text", Napi::Function::New(info.Env(), [state](const Napi::CallbackInfo& call) { return begin<TextWorker>(call, state); }));
  return object;
}

}  // namespace callnative
