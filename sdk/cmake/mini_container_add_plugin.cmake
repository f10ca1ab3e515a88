# SPDX-License-Identifier: Apache-2.0
# How a plugin is built: the one file for the plugins of mini_container's own tree and for those
# that are built against the installed SDK.
include_guard(GLOBAL)
include(GNUInstallDirs)

# Makes mini_container_lean_runtime, once: in place of what the C++ runtime would bring into every
# plugin for printing an uncaught exception, for throwing one when memory has run out, and for ld.so
# to look up at every load.
function(mini_container_need_lean_runtime)
  if(NOT TARGET mini_container_lean_runtime)
    add_library(mini_container_lean_runtime STATIC
      ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/terminate.cpp
      ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/exception_memory.cpp
      ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/exception_globals.cpp
      ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/start_hooks.cpp)
    set_target_properties(mini_container_lean_runtime PROPERTIES
      POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden)
    target_compile_features(mini_container_lean_runtime PRIVATE cxx_std_20)
    target_compile_options(mini_container_lean_runtime PRIVATE -ffunction-sections)
    # Asked for at once: the archive is searched before the C++ runtime that wants it.
    target_link_options(mini_container_lean_runtime INTERFACE
      -Wl,--undefined=_ZN9__gnu_cxx27__verbose_terminate_handlerEv
      -Wl,--undefined=__cxa_allocate_exception
      -Wl,--undefined=__cxa_get_globals
      -Wl,--undefined=__gmon_start__)
  endif()
endfunction()

# Makes mini_container_unwinder_of_core, once: jumps to the core's unwinder in place of one.
function(mini_container_need_unwinder_of_core)
  if(NOT TARGET mini_container_unwinder_of_core)
    add_library(mini_container_unwinder_of_core STATIC
      ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/unwinder_of_core.cpp)
    # Not for link-time optimisation, which does not see what assembly defines and uses.
    set_target_properties(mini_container_unwinder_of_core PROPERTIES
      POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden INTERPROCEDURAL_OPTIMIZATION OFF)
    target_compile_options(mini_container_unwinder_of_core PRIVATE -fno-lto)
    target_compile_features(mini_container_unwinder_of_core PRIVATE cxx_std_20)
    target_link_libraries(mini_container_unwinder_of_core PRIVATE mini_container::sdk)
    target_compile_definitions(mini_container_unwinder_of_core INTERFACE MC_UNWINDER_OF_CORE)
    # Asked for at once, before the archives that would bring an unwinder. The second is MC_PLUGIN's.
    target_link_options(mini_container_unwinder_of_core INTERFACE
      -Wl,--undefined=_Unwind_RaiseException -Wl,--require-defined=mc_plugin_adopts_the_unwinder)
  endif()
endfunction()

# mini_container_add_plugin(NAME SOURCE... [LIBS LIBRARY...] [UNWINDER_OF_CORE])
# Makes the target mini_container_plugin_NAME, which is NAME.so in the current binary directory:
# mc_plugin_v1 is all that it exports, every symbol that it uses is known when it is linked, and the
# C++ runtime is inside, for finding libstdc++.so would cost a launch more than all the rest.
# UNWINDER_OF_CORE: but for the unwinder, which the core lends from `create` on: 24 to 28 KiB less in
# file and memory. For plugins that MC_PLUGIN defines, without extensions, on x86-64 and aarch64.
# Nothing may throw before, static initialisers included, even if it is caught; who calls unwind.h or
# prints stack traces needs an unwinder of their own.
# Installs it where mini_container looks for plugins: below its prefix, unless the project is given
# another. C and C++ sources.
function(mini_container_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "UNWINDER_OF_CORE" "" "LIBS")
  if(NOT name MATCHES "^[a-z][a-z0-9_]*$")
    message(FATAL_ERROR "mini_container_add_plugin: '${name}' is not a plugin's name: [a-z][a-z0-9_]*")
  endif()
  set(plugin mini_container_plugin_${name})
  add_library(${plugin} MODULE ${arg_UNPARSED_ARGUMENTS})
  set_target_properties(${plugin} PROPERTIES
    LINK_DEPENDS ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/exports.map
    OUTPUT_NAME ${name} PREFIX "" SUFFIX ".so"
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}
    POSITION_INDEPENDENT_CODE ON
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_compile_options(${plugin} PRIVATE -ffunction-sections -fdata-sections)
  # Two mappings instead of four (noseparate-code): each costs at the load, the clone, the execve.
  target_link_options(${plugin} PRIVATE -Wl,-z,noseparate-code
    -Wl,-z,defs -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
    -Wl,--gc-sections
    -Wl,--version-script=${CMAKE_CURRENT_FUNCTION_LIST_DIR}/exports.map)
  target_link_libraries(${plugin} PRIVATE mini_container::sdk ${arg_LIBS})
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if("CXX" IN_LIST languages)
    mini_container_need_lean_runtime()
    target_compile_features(${plugin} PRIVATE cxx_std_20)
    target_link_libraries(${plugin} PRIVATE $<$<LINK_LANGUAGE:CXX>:mini_container_lean_runtime>)
    if(arg_UNWINDER_OF_CORE)
      mini_container_need_unwinder_of_core()
      target_link_libraries(${plugin} PRIVATE mini_container_unwinder_of_core)
    endif()
    if(NOT MINI_CONTAINER_SANITIZE)
      target_link_options(${plugin} PRIVATE $<$<LINK_LANGUAGE:CXX>:-static-libstdc++> -static-libgcc)
    endif()
  endif()
  # Also with a umask that lets the group write: the runtime would refuse such a plugin, built or
  # installed.
  add_custom_command(TARGET ${plugin} POST_BUILD
    COMMAND chmod go-w $<TARGET_FILE_DIR:${plugin}> $<TARGET_FILE:${plugin}> VERBATIM)
  if(NOT DEFINED CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS)
    set(CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
      GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE PARENT_SCOPE)
  endif()
  set(destination ${CMAKE_INSTALL_LIBDIR}/mini_container/plugins)
  if(mini_container_PLUGIN_DESTINATION)
    set(destination ${mini_container_PLUGIN_DESTINATION})
    # A project that names no prefix: the default one is where nobody looks for plugins, unless
    # mini_container is there.
    if(CMAKE_INSTALL_PREFIX_INITIALIZED_TO_DEFAULT)
      set_property(CACHE CMAKE_INSTALL_PREFIX PROPERTY VALUE ${mini_container_PREFIX})
    endif()
  endif()
  install(TARGETS ${plugin}
    LIBRARY DESTINATION ${destination}
    COMPONENT plugin_${name} PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endfunction()
