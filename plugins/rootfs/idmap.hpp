// SPDX-License-Identifier: Apache-2.0
// Idmapped mounts: mount_setattr(2), MOUNT_ATTR_IDMAP. The agent makes them: it takes privileges
// over the filesystem, which a container's user namespace does not have.
#pragma once

#include <string>

#include "mini_container/plugin.hpp"

namespace rootfs {

/// The lines of a map as /proc/PID/uid_map takes them, from a list of tables with container_id,
/// host_id and size. Throws for an empty range or one beyond 32 bits.
std::string map_lines(const mc::Node& mappings);

/// [agent] A user namespace with these maps and no process in it.
mc::Fd make_user_namespace(const std::string& uid_lines, const std::string& gid_lines);

/// [agent] The container's own user namespace; throws where it has none. `where`: who asks.
mc::Fd container_user_namespace(const mc::Call& call, const std::string& where);

/// [agent] Maps the detached mount `tree` of `path`.
void map_tree(int tree, int user_namespace, bool recursive, const std::string& path);

}  // namespace rootfs
