{
  # Only our own build treats warnings as errors (.ci/build): a user's newer compiler may warn of more.
  "variables": { "warnings_as_errors%": 0 },
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
  ]
}
