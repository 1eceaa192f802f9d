// See open-capture.h.
#include "open-capture.h"

#include <memory>
#include <string>

#include "capture/test-pattern.h"
#include "capture/v4l2-source.h"
#include "open-worker.h"

namespace callnative {

Napi::Value openCapture(const Napi::CallbackInfo& info) {
  const CaptureConstraints constraints{info[1].ToNumber().Int32Value(), info[2].ToNumber().Int32Value(), info[3].ToNumber().DoubleValue(),
                  info[4].ToString().Utf8Value()};
  const std::string path = info[0].ToString().Utf8Value();
  const auto open = [path, constraints]() -> std::unique_ptr<FrameSource> {
    if (path.empty()) return std::make_unique<TestPattern>(constraints);
    return std::make_unique<V4l2Source>(path, constraints);
  };
  return openOnWorker(info.Env(), open, info[5].As<Napi::Function>());
}

}  // namespace callnative
