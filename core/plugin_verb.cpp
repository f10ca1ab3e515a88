// SPDX-License-Identifier: Apache-2.0
#include "core/verbs.hpp"
#include "mini_container/error.hpp"
namespace mini_container {
int plugin_verb(VerbContext&, const Arguments&) { mc::fail("plugin: not yet"); }
}  // namespace mini_container
