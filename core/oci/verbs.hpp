// SPDX-License-Identifier: Apache-2.0
// The verbs of an OCI runtime, as container engines call them.
#pragma once

#include "core/verbs.hpp"
#include "mini_container/fd.hpp"

namespace mini_container::oci {

int create_verb(VerbContext& context, const Arguments& arguments);
int start_verb(VerbContext& context, const Arguments& arguments);
int state_verb(VerbContext& context, const Arguments& arguments);
int run_bundle_verb(VerbContext& context, const Arguments& arguments);
int ps_verb(VerbContext& context, const Arguments& arguments);
int pause_verb(VerbContext& context, const Arguments& arguments);
int resume_verb(VerbContext& context, const Arguments& arguments);
int update_verb(VerbContext& context, const Arguments& arguments);
int events_verb(VerbContext& context, const Arguments& arguments);
int spec_verb(VerbContext& context, const Arguments& arguments);
int features_verb(VerbContext& context, const Arguments& arguments);
/// config.json to a launch file, and a launch file to config.json.
int convert_verb(VerbContext& context, const Arguments& arguments);
/// Whether the arguments of `run` name a bundle.
bool is_bundle_run(const Arguments& arguments);
/// checkpoint, restore: callers ask whether they exist.
int unsupported_verb(VerbContext& context, const Arguments& arguments);

/// A new file to write to; one that is there is an error.
mc::Fd make_file(const std::string& path);

/// What `--version` prints.
void print_version();

}  // namespace mini_container::oci
