{
  "targets": [
    {
      "target_name": "callnative",
      "sources": [
        "<!@(find core addon -name '*.cc' | sort)"
      ],
      "include_dirs": [
        "core",
        "<!(node -p \"require('node-addon-api').include_dir\")"
      ],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_DEPRECATED"],
      "cflags": ["-Wall", "-Wextra", "-Werror", "-O3"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti"],
      "cflags_cc": ["-std=c++20", "-fexceptions"],
      "libraries": ["-lturbojpeg", "-lyuv"]
    }
  ]
}
