// SPDX-License-Identifier: Apache-2.0
// A v2 cgroup that the container sees and may write to belongs to its user: runtime-spec,
// config-linux.md, "Cgroup ownership". What v1 has is never given away: it delegates unsafely.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "mini_container/plugin.hpp"

namespace cgroup {

/// What the id of a user namespace is outside, by the text of its uid_map; nothing: not mapped.
std::optional<std::uint32_t> mapped_id(std::string_view uid_map, std::uint32_t id);

/// [agent] In post_clone: gives the cgroup behind `directory`, and of its files those that the
/// kernel lists for it, to the user that will run the command. Who may not is warned of it.
void give_to_user(mc::Host& host, const mc::Call& call, int directory);

}  // namespace cgroup
