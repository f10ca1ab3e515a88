# SPDX-License-Identifier: Apache-2.0
# How the plugins of this tree are built: each a shared object, or all linked into the binary.

include(mini_container_add_plugin)
mini_container_need_lean_runtime()  # for the binary too, and where plugins are linked into it

# mini_container_plugin(NAME SOURCE... [NEEDS PLUGIN...] [LIBS LIBRARY...] [PACKAGES PACKAGE...]
#                       [OWN_UNWINDER])
# PACKAGES: Debian packages whose libraries the plugin loads when a launch asks for it. In a static
# binary they would bring a second C library, with an errno of its own, so it is left out there.
# OWN_UNWINDER: for a plugin with extensions, which are called without a `create` before them.
function(mini_container_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "OWN_UNWINDER" "" "NEEDS;LIBS;PACKAGES")
  foreach(need IN LISTS arg_NEEDS)
    if(NOT need IN_LIST chosen_plugins)
      message(FATAL_ERROR "MINI_CONTAINER_PLUGINS: '${name}' needs '${need}'; add it to the list")
    endif()
  endforeach()
  set(left_out FALSE)
  if(MINI_CONTAINER_STATIC AND arg_PACKAGES)
    if(NOT MINI_CONTAINER_PLUGINS STREQUAL "all")
      message(FATAL_ERROR "MINI_CONTAINER_PLUGINS: '${name}' loads libraries (${arg_PACKAGES}), which "
        "a static binary cannot; take it off the list, or set MINI_CONTAINER_STATIC=OFF")
    endif()
    message(STATUS "Left out of the static binary: the plugin '${name}', which loads ${arg_PACKAGES}")
    set(left_out TRUE)
  endif()
  if(MINI_CONTAINER_BUILTIN)
    add_library(mini_container_plugin_${name} OBJECT ${arg_UNPARSED_ARGUMENTS})
    target_compile_definitions(mini_container_plugin_${name}
      PRIVATE mc_plugin_v1=mc_plugin_v1_${name})
  else()
    # Under the sanitizers libgcc_s.so brings one for all.
    set(unwinder "")
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|aarch64)$" AND CMAKE_SIZEOF_VOID_P EQUAL 8
        AND NOT MINI_CONTAINER_SANITIZE AND NOT arg_OWN_UNWINDER)
      set(unwinder UNWINDER_OF_CORE)
    endif()
    mini_container_add_plugin(${name} ${arg_UNPARSED_ARGUMENTS} ${unwinder})
    set_target_properties(mini_container_plugin_${name} PROPERTIES
      LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins.d)
  endif()
  target_link_libraries(mini_container_plugin_${name}
    PRIVATE mini_container_sdk mini_container_flags ${arg_LIBS})
  if(left_out)
    set_target_properties(mini_container_plugin_${name} PROPERTIES EXCLUDE_FROM_ALL ON)
    return()
  endif()
  set_property(GLOBAL APPEND PROPERTY mini_container_plugin_names ${name})
  set_property(GLOBAL APPEND PROPERTY mini_container_plugin_libs ${arg_LIBS})
  set_property(GLOBAL PROPERTY mini_container_needs_of_${name} ${arg_NEEDS})
  set_property(GLOBAL PROPERTY mini_container_packages_of_${name} ${arg_PACKAGES})
endfunction()

# Makes mini_container_builtin: the table of the plugins that are linked in, empty without them.
function(mini_container_finish_plugins)
  get_property(names GLOBAL PROPERTY mini_container_plugin_names)
  get_property(libs GLOBAL PROPERTY mini_container_plugin_libs)
  set(declarations "")
  set(entries "")
  if(MINI_CONTAINER_BUILTIN)
    foreach(name IN LISTS names)
      string(APPEND declarations "extern \"C\" const mc_plugin mc_plugin_v1_${name};\n")
      string(APPEND entries "    &mc_plugin_v1_${name},\n")
    endforeach()
  endif()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/builtin_plugins.cpp CONTENT
"#include \"core/builtin_plugins.hpp\"
@declarations@
namespace mini_container {
const mc_plugin* const builtin_plugins[] = {
@entries@    nullptr};
}
" @ONLY)
  add_library(mini_container_builtin OBJECT ${CMAKE_BINARY_DIR}/builtin_plugins.cpp)
  target_include_directories(mini_container_builtin PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(mini_container_builtin PUBLIC mini_container_sdk mini_container_flags)
  if(MINI_CONTAINER_BUILTIN)
    foreach(name IN LISTS names)
      target_sources(mini_container_builtin INTERFACE
        $<TARGET_OBJECTS:mini_container_plugin_${name}>)
    endforeach()
    target_link_libraries(mini_container_builtin INTERFACE ${libs})
  endif()
endfunction()
