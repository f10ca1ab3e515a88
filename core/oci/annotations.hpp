// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "core/catalog.hpp"
#include "core/oci/property.hpp"
#include "core/settings.hpp"

namespace mini_container::oci {

inline constexpr std::string_view annotation_prefix = "mini_container.";

/// Asked once, and only where there is such an annotation.
using SettingsSource = std::function<Settings()>;

/// Lays what annotations `mini_container.TABLE.KEY = VALUE` say over the launch `tree`: each
/// enables the plugin TABLE, and VALUE is read as the command line would be. `mini_container.TABLE
/// = true` enables alone. Throws mc::Error for what the settings do not allow.
void apply_annotations(const Property& annotations, const SettingsSource& settings,
                       Catalog& catalog, Value& tree);

}  // namespace mini_container::oci
