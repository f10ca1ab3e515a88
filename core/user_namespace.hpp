// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace mini_container {

/// Whether all ids are mapped to themselves, as in the initial user namespace: there root is root.
/// An engine of an ordinary user calls us as root of another one.
bool in_initial_user_namespace();

}  // namespace mini_container
