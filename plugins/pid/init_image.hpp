// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

/// The bytes of the static program built from init.c.
std::string_view init_image();
