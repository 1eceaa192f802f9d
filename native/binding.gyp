{
  # Only our own build treats warnings as errors (.ci/build): a user's newer compiler may warn of more.
  "variables": {
    "warnings_as_errors%": 0,
    "pipewire%": "<!(sh find-libraries.sh pipewire)",
    "has_x11%": "<!(sh find-libraries.sh has-x11)"
  },
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
      # The last define: while the environment is torn down nothing can catch a JavaScript exception. It must not end the process.
      "defines": [
        "<!@(sh find-libraries.sh defines)",
        "NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_DEPRECATED", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
      ],
      "cflags": ["<!@(sh find-libraries.sh cflags)", "-Wall", "-Wextra", "-O3"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti"],
      "cflags_cc": ["-std=c++20", "-fexceptions"],
      "libraries": ["<!@(sh find-libraries.sh libraries)"],
      "conditions": [["warnings_as_errors==1", { "cflags": ["-Werror"] }]]
    }
  ],
  # Add-ons of their own, since they load only where their libraries are installed. Each is built where the headers are.
  "conditions": [
    ["pipewire!='missing'", {
      "targets": [
        {
          "target_name": "callpipewire",
          "sources": [
            "<!@(find pipewire core/raw core/jpeg -name '*.cc' | sort)",
            "addon/errors.cc", "addon/frame-argument.cc", "addon/capture/capture-session.cc", "addon/capture/open-worker.cc",
            "core/capture/capture-thread.cc", "core/capture/mode-choice.cc",
            "core/pixels/colour-range.cc", "core/pixels/frame-pool.cc", "core/pixels/pixel-convert.cc",
            "core/system/clock.cc", "core/system/system-error.cc"
          ],
          "include_dirs": ["core", "addon", "<!(node -p \"require('node-addon-api').include_dir\")"],
          "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_DEPRECATED", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
          "cflags": ["<!@(sh find-libraries.sh cflags)", "<!@(sh find-libraries.sh pipewire-cflags)", "-Wall", "-Wextra", "-O3"],
          "cflags_cc!": ["-fno-exceptions", "-fno-rtti"],
          "cflags_cc": ["-std=c++20", "-fexceptions"],
          "libraries": ["<!@(sh find-libraries.sh libraries)", "<!@(sh find-libraries.sh pipewire-libraries)"],
          "conditions": [["warnings_as_errors==1", { "cflags": ["-Werror"] }]]
        }
      ]
    }],
    # Without it, screens are shared through the desktop portal alone.
    ["has_x11==1", {
      "targets": [
        {
          "target_name": "callx11",
          "sources": [
            "<!@(find x11 -name '*.cc' | sort)",
            "addon/errors.cc", "addon/frame-argument.cc", "addon/capture/capture-session.cc", "addon/capture/open-worker.cc",
            "core/capture/capture-thread.cc", "core/pixels/frame-pool.cc",
            "core/system/clock.cc", "core/system/system-error.cc"
          ],
          "include_dirs": ["core", "addon", "<!(node -p \"require('node-addon-api').include_dir\")"],
          "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_DEPRECATED", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
          "cflags": ["<!@(sh find-libraries.sh x11-cflags)", "-Wall", "-Wextra", "-O3"],
          "cflags_cc!": ["-fno-exceptions", "-fno-rtti"],
          "cflags_cc": ["-std=c++20", "-fexceptions"],
          "libraries": ["<!@(sh find-libraries.sh x11-libraries)"],
          "conditions": [["warnings_as_errors==1", { "cflags": ["-Werror"] }]]
        }
      ]
    }]
  ]
}
