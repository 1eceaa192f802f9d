// See errors.h.
#include "errors.h"

namespace callnative {

Napi::Error toJsError(Napi::Env env, const SystemError& error) {
  Napi::Error value = Napi::Error::New(env, error.what());
  value.Set("operation", Napi::String::New(env, error.operation()));
  value.Set("errno", Napi::String::New(env, error.errnoName()));
  value.Set("path", Napi::String::New(env, error.path()));
  return value;
}

}  // namespace callnative
