// SPDX-License-Identifier: Apache-2.0
#include "id_map.hpp"

#include <algorithm>

#include "mini_container/error.hpp"

namespace user {

namespace {

// The kernel takes 340 lines (UID_GID_MAP_MAX_EXTENTS) and less than one page of text.
constexpr std::size_t most_ranges = 340;
constexpr std::size_t most_text = 4095;
// (uid_t)-1 is no id.
constexpr std::uint64_t end_of_ids = 0xffffffff;

std::string shown(std::uint64_t first, std::uint64_t size) {
  return size == 1 ? std::to_string(first) : mc::concat(first, "-", first + size - 1);
}

void check_side(const IdMap& map, std::uint64_t Range::*side, std::string_view whose) {
  std::vector<const Range*> sorted;
  sorted.reserve(map.ranges.size());
  for (const Range& range : map.ranges) sorted.push_back(&range);
  std::sort(sorted.begin(), sorted.end(),
            [&](const Range* a, const Range* b) { return a->*side < b->*side; });
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const Range& range = *sorted[i];
    if (range.size == 0)
      mc::fail(map.place, ": ", map.name, ": a range of no ids", mc::Hint{"'size' is at least 1"});
    if (range.*side >= end_of_ids || range.size > end_of_ids - range.*side)
      mc::fail(map.place, ": ", map.name, ": ", range.size, " ids from the ", whose, "'s ",
               range.*side, " on go beyond 4294967294, the last id there is");
    if (i > 0 && sorted[i - 1]->*side + sorted[i - 1]->size > range.*side)
      mc::fail(map.place, ": ", map.name, ": the ", whose, "'s ids ",
               shown(sorted[i - 1]->*side, sorted[i - 1]->size), " and ",
               shown(range.*side, range.size), " overlap",
               mc::Hint{"an id may be mapped once on each side"});
  }
}

}  // namespace

void IdMap::check_shape() const {
  if (ranges.empty()) mc::fail(place, ": ", name, ": no range");
  if (ranges.size() > most_ranges)
    mc::fail(place, ": ", name, ": ", ranges.size(), " ranges; the kernel takes at most ",
             most_ranges, mc::Hint{"join ranges that follow each other"});
  check_side(*this, &Range::container, "container");
  check_side(*this, &Range::host, "host");
  if (text().size() > most_text)
    mc::fail(place, ": ", name, ": ", ranges.size(), " ranges are ", text().size(),
             " bytes of text; the kernel takes at most ", most_text,
             mc::Hint{"join ranges that follow each other"});
}

std::string IdMap::text() const {
  std::string out;
  for (const Range& range : ranges)
    out += mc::concat(range.container, " ", range.host, " ", range.size, "\n");
  return out;
}

bool IdMap::maps(std::uint64_t id) const {
  return std::any_of(ranges.begin(), ranges.end(), [id](const Range& range) {
    return id >= range.container && id - range.container < range.size;
  });
}

}  // namespace user
