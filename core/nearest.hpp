// SPDX-License-Identifier: Apache-2.0
// "did you mean ...?"
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace mini_container {

/// The candidate that is the fewest edits (swaps count one) from `word`, or empty where none is
/// near: at most a third of the word's length, at least one. Failing that, the shortest that
/// `word` is the beginning of.
std::string nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace mini_container
