// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/container.hpp"

namespace mini_container::oci {

/// The specification's state of a container, with what `list` shows beside it.
Value container_json(const Container& container, Catalog& catalog);

/// "creating", "created", "running", "paused" or "stopped".
std::string shown_status(const Container& container, Catalog& catalog);

}  // namespace mini_container::oci
