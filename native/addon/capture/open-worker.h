// Opens a source of frames on a worker thread and starts its capture.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>

#include "capture/frame-source.h"

namespace callnative {

/** Runs on a worker thread. Throws SystemError. */
using OpenSource = std::function<std::unique_ptr<FrameSource>()>;

/** `listener` as in capture-session.h. @returns a Promise of a capture, or of an error with operation, errno and path */
Napi::Value openOnWorker(Napi::Env env, OpenSource open, const Napi::Function& listener);

}  // namespace callnative
