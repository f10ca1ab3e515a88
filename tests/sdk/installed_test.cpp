// SPDX-License-Identifier: Apache-2.0
// Plugins in three languages, built against the installed SDK alone, each in a real container.
#include <doctest/doctest.h>

#include <filesystem>

#include "tests/sdk/installed.hpp"
#include "tests/skip.hpp"
#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"

using namespace mini_container::test;
namespace fs = std::filesystem;

namespace {

std::string share(const char* what) { return installed_prefix() + "/share/mini_container/" + what; }

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; (at = text.find_first_not_of(" \n", at)) != text.npos;) {
    const auto end = std::min(text.find_first_of(" \n", at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

// The template, as its README says; `option` is one more for mini_container_add_plugin.
std::string build_template(const std::string& option = "", const std::string& flags = "") {
  std::string path = fresh_directory() + "/hello";
  fs::copy(share("template"), path, fs::copy_options::recursive);
  build_with({"sed", "-i", "s/hello.cpp/& " + option + "/", path + "/CMakeLists.txt"});
  build_with({"cmake", "-S", path, "-B", path + "/build", "-G", "Ninja",
              "-DCMAKE_PREFIX_PATH=" + installed_prefix(), "-DCMAKE_CXX_FLAGS=" + flags});
  build_with({"cmake", "--build", path + "/build"});
  return path;
}
const std::string& template_directory() {
  static const std::string directory = build_template();
  return directory;
}

std::string exported_symbols(const std::string& file) {
  return build_with({"sh", "-c", "nm -D --defined-only \"$1\" | cut -d' ' -f3", "sh", file});
}

}  // namespace

TEST_CASE("the installed program finds the installed plugins, below whatever prefix") {
  const auto result = run_installed(
      {"-r", shared_root(), "--pid", "--hostname", "box", "--", "sh", "-c", "echo $$; hostname"});
  CHECK(result.out == "1\nbox\n");
}

TEST_CASE("the template builds out of tree, and its plugin greets") {
  const HostUnchanged unchanged;
  const auto& directory = template_directory();
  const auto result = run_installed(
      {"--plugin-dir", directory + "/build", "run", "--config", directory + "/hello.toml"});
  CHECK(result.out == "good morning Ada Grace\n");
  CHECK(result.err.empty());
  CHECK(exported_symbols(directory + "/build/hello.so") == "mc_plugin_v1\n");
}

TEST_CASE("the template's plugin works beside the others, and refuses what it must refuse") {
  const auto plugins = template_directory() + "/build";
  const auto greeted = run_installed({"--plugin-dir", plugins, "-v", "-r", shared_root(), "--pid",
                                      "--hello.to", "you", "--", "sh", "-c", "echo $GREETING"});
  CHECK(greeted.out == "hello you\n");
  CHECK(greeted.err.find("is greeted: hello you") != std::string::npos);
  const auto refused =
      run_installed({"--plugin-dir", plugins, "--hello.to", "a\nb", "--", "touch", "/run/ran"});
  CHECK(refused.exit_code == 125);
  CHECK(refused.last_error() ==
        "mini_container: hello: create: --hello.to: a name with a newline; write one name an "
        "element");
  CHECK_FALSE(fs::exists("/run/ran"));
}

// As distributions build: what assembly defines and uses is not seen by link-time optimisation.
TEST_CASE("with the core's unwinder the template's plugin has none, and refuses the same") {
  const auto plugins = build_template("UNWINDER_OF_CORE", "-flto=auto") + "/build";
  const auto unwinders_in = [](const std::string& file) {
    return build_with({"sh", "-c", "nm \"$1\" | grep -c _Unwind_Find_FDE || :", "sh", file});
  };
  CHECK(unwinders_in(plugins + "/hello.so") == "0\n");
  CHECK(unwinders_in(template_directory() + "/build/hello.so") != "0\n");
  const auto refused = run_installed({"--plugin-dir", plugins, "--hello.to", "a\nb", "--", "true"});
  CHECK(refused.last_error().find("hello: create: --hello.to: a name with a newline") !=
        std::string::npos);
  CHECK(
      run_installed({"--plugin-dir", plugins, "--hello", "--", "sh", "-c", "echo $GREETING"}).out ==
      "hello world\n");
  CHECK(run_installed({"plugin", "check", plugins + "/hello.so"}).exit_code == 0);
}

TEST_CASE("a plugin that is installed is found without being told where") {
  build_with(
      {"cmake", "--install", template_directory() + "/build", "--prefix", installed_prefix()});
  CHECK(run_installed({"--hello", "--", "sh", "-c", "echo $GREETING"}).out == "hello world\n");
}

TEST_CASE("a plugin in plain C, with gcc and pkg-config") {
  const HostUnchanged unchanged;
  const auto directory = fresh_directory();
  const auto file = build_with({"find", installed_prefix(), "-name", "mini_container.pc"});
  const RunOptions with{.env = {{"PKG_CONFIG_PATH", fs::path(file).parent_path()}}};
  std::vector<std::string> gcc = {"gcc",     "-shared",    "-O2",    "-Wall",
                                  "-Wextra", "-Wpedantic", "-Werror"};
  const auto add = [&](const std::vector<std::string>& more) {
    gcc.insert(gcc.end(), more.begin(), more.end());
  };
  add(words(build_with({"pkg-config", "--cflags", "mini_container"}, with)));
  add({share("examples/c/priority.c"), "-o", directory + "/priority.so"});
  add(words(build_with({"pkg-config", "--libs", "mini_container"}, with)));
  build_with(gcc);
  CHECK(exported_symbols(directory + "/priority.so") == "mc_plugin_v1\n");
  const auto run_nice = [&](const char* value) {
    return run_installed({"--plugin-dir", directory, "-r", shared_root(), "--priority.nice", value,
                          "--", "sh", "-c", "cut -d' ' -f19 /proc/self/stat"});
  };
  CHECK(run_nice("7").out == "7\n");
  CHECK(run_nice("20").last_error().find("priority.nice: 20 is out of range") != std::string::npos);
}

TEST_CASE("a plugin in Rust, with rustc alone") {
  if (run_program({"rustc", "--version"}).exit_code != 0) SKIP_CASE("rustc is not installed");
  const HostUnchanged unchanged;
  const auto directory = fresh_directory();
  build_with({"rustc", "--edition", "2021", "--crate-type", "cdylib", "-C", "opt-level=2", "-C",
              "panic=abort", "-C", "strip=symbols", "-C", "link-arg=-Wl,-z,defs", "-D", "warnings",
              "-o", directory + "/timerslack.so", share("examples/rust/timerslack.rs")});
  CHECK(exported_symbols(directory + "/timerslack.so") == "mc_plugin_v1\n");
  const auto result =
      run_installed({"--plugin-dir", directory, "-r", shared_root(), "--timerslack.ns", "1234",
                     "--", "cat", "/proc/self/timerslack_ns"});
  CHECK(result.out == "1234\n");
}
