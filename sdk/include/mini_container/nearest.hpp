// SPDX-License-Identifier: Apache-2.0
// "did you mean ...?" for the names that a plugin knows itself.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "mini_container/error.hpp"

namespace mc {

/// The number of edits between two words; a swap of neighbours counts one.
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

/// "did you mean 'NAME'?" for the nearest of `names` (a range of text), or `otherwise` where none
/// is within a third of the word's length. At most 64 bytes of `word` are looked at.
template <class Names>
std::string did_you_mean(std::string_view word, const Names& names, std::string_view otherwise) {
  if (word.size() > 64) return std::string(otherwise);
  std::string_view best;
  std::size_t fewest = std::max<std::size_t>(word.size() / 3, 1) + 1;
  for (const auto& each : names) {
    const std::string_view name(each);
    const std::size_t edits = edit_distance(word, name);
    if (edits >= fewest) continue;
    fewest = edits;
    best = name;
  }
  return best.empty() ? std::string(otherwise) : concat("did you mean '", best, "'?");
}

}  // namespace mc
