# SPDX-License-Identifier: Apache-2.0
# The manual pages, completions and the schema: written by the built program about the plugins that
# were built with it. Where this machine cannot run it, they are left out.
if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
  message(STATUS "Left out: manual pages, completions and schema, which the built program writes; "
    "CMAKE_CROSSCOMPILING_EMULATOR names what runs it here")
  return()
endif()
get_property(documented_plugins GLOBAL PROPERTY mini_container_plugin_names)
list(TRANSFORM documented_plugins PREPEND mini_container_plugin_)
set(documentation_files "")

# document(FILE DESTINATION COMPONENT ARG...): the output of `mini_container ARG...` as FILE.
function(document file destination component)
  set(path ${CMAKE_BINARY_DIR}/documentation/${file})
  add_custom_command(OUTPUT ${path}
    COMMAND mini_container ${ARGN} > ${path}
    DEPENDS mini_container ${documented_plugins}
    COMMENT "Writing ${file}" VERBATIM)
  install(FILES ${path} DESTINATION ${destination} COMPONENT ${component})
  list(APPEND documentation_files ${path})
  set(documentation_files ${documentation_files} PARENT_SCOPE)
endfunction()

file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/documentation)
document(mini_container.1 ${CMAKE_INSTALL_MANDIR}/man1 core manual 1)
document(mini_container.toml.5 ${CMAKE_INSTALL_MANDIR}/man5 core manual 5)
document(mini_container_plugin.3 ${CMAKE_INSTALL_MANDIR}/man3 sdk manual 3)
document(mini_container.bash ${CMAKE_INSTALL_DATADIR}/bash-completion/completions core completions bash)
document(_mini_container ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions core completions zsh)
document(mini_container.fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d core completions fish)
document(launch.schema.json ${CMAKE_INSTALL_DATADIR}/mini_container core schema)
add_custom_target(mini_container_documentation ALL DEPENDS ${documentation_files})
