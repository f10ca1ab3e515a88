// SPDX-License-Identifier: Apache-2.0
#include "core/unwinder.hpp"

#include <unwind.h>

namespace mini_container {

#define MC_FUNCTION(NAME) .NAME = reinterpret_cast<void (*)()>(_Unwind_##NAME)
const mc_unwinder unwinder_functions = {.size = sizeof(mc_unwinder),
                                        .reserved = 0,
                                        MC_FUNCTION(RaiseException),
                                        MC_FUNCTION(Resume),
                                        MC_FUNCTION(Resume_or_Rethrow),
                                        MC_FUNCTION(DeleteException),
                                        MC_FUNCTION(GetLanguageSpecificData),
                                        MC_FUNCTION(GetRegionStart),
                                        MC_FUNCTION(GetIPInfo),
                                        MC_FUNCTION(SetGR),
                                        MC_FUNCTION(SetIP),
                                        MC_FUNCTION(GetTextRelBase),
                                        MC_FUNCTION(GetDataRelBase)};
#undef MC_FUNCTION

}  // namespace mini_container
