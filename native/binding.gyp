{
  "targets": [
    {
      "target_name": "callnative",
      "sources": [
        "<!@(find core addon -name '*.cc' | sort)"
      ],
      "include_dirs": [
        "core",
        "<!(node -p \"require('node-addon-api').include_dir\")",
        "/usr/include/webrtc_audio_processing"
      ],
      # The last define: where the environment ends, a JavaScript exception has nobody to go to and must not end the process.
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_DEPRECATED", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags": ["-Wall", "-Wextra", "-Werror", "-O3"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti"],
      "cflags_cc": ["-std=c++20", "-fexceptions"],
      "libraries": ["-lturbojpeg", "-lyuv", "-lwebrtc_audio_processing"]
    }
  ]
}
