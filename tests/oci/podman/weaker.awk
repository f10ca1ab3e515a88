# SPDX-License-Identifier: Apache-2.0
# Reads three reports of attest: the host's, another runtime's container's, ours. Prints a line
# "weaker: WHAT" for each thing in which ours is held less.
function fail(what) { print "weaker: " what }

# Whether every bit of the hexadecimal (or octal) number a is in b.
function within(a, b,    i, x, y, bit) {
  while (length(a) < length(b)) a = "0" a
  while (length(b) < length(a)) b = "0" b
  for (i = 1; i <= length(a); ++i) {
    x = index("123456789abcdef", substr(a, i, 1))
    y = index("123456789abcdef", substr(b, i, 1))
    for (bit = 8; bit >= 1; bit /= 2)
      if (int(x / bit) % 2 == 1 && int(y / bit) % 2 == 0) return 0
  }
  return 1
}

function above(a, b) {
  if (b == "unlimited") return 0
  return a == "unlimited" || a + 0 > b + 0
}

# The mount of our container that a path is on.
function cover(path) {
  while (path != "" && !((path) in flags)) sub(/\/[^\/]*$/, "", path)
  return path == "" ? "/" : path
}

FNR == 1 { ++report }
$1 ~ /^ns\./ && report == 1 { host[$1] = $2 }
$1 ~ /^ns\./ && report == 2 { theirs[$1] = $2 }
$1 ~ /^ns\./ && report == 3 && theirs[$1] != host[$1] && $2 == host[$1] {
  fail($1 " is shared with the host")
}

$1 ~ /^(cap\.|limit\.|fd$|node$|oom_score_adj$|seccomp$)/ {
  key = $1 ~ /^(fd|node)$/ ? $1 " " $2 : $1
  value = $0
  sub(/^[^ ]* /, "", value)
  if (report == 2) { theirs[key] = value; next }
  if (report != 3) next
  seen[key] = 1
  if (!(key in theirs)) fail(key " is there: " value)
  else if (key ~ /^cap/ && !within(value, theirs[key])) fail(key " " value ", not " theirs[key])
  else if (key == "oom_score_adj" && above(theirs[key], value)) fail(key " " value)
  else if (key == "seccomp" && value != theirs[key]) fail("seccomp mode " value)
  else if (key ~ /^limit/) {
    split(theirs[key], limit)
    if (above($2, limit[1]) || above($3, limit[2])) fail(key " " value ", not " theirs[key])
  } else if (key ~ /^node/) {
    # PATH TYPE MODE UID GID SIZE MAJOR:MINOR
    split(theirs[key], node)
    if ($3 != node[2] || $NF != node[7] || !within($4, node[3])) fail(key " " value)
  }
}

# What no engine does by default is asked for as well.
$1 == "no_new_privs" && report == 3 { seen[$1] = 1; if ($2 != 1) fail("no_new_privs is off") }
$1 ~ /^[ug]id_map$/ && report == 3 { seen[$1] = 1; if ($3 == 0) fail($1 ": 0 of the host is inside") }

# mount ID PARENT DEVICE ROOT POINT FLAGS
$1 == "mount" && report == 2 { their_flags[$6] = $7 }
$1 == "mount" && report == 3 { flags[$6] = $7; root[$6] = $5; type[$6] = $0 ~ / - tmpfs / ? "tmpfs" : "" }
$1 ~ /^(masked|readonly)$/ { if (report == 2) wanted[$2] = $1; else has[$2] = $1 }
$1 == "there" && report == 3 { there[$2] = 1 }

END {
  if (report != 3) fail("a report is missing")
  for (path in wanted) {
    if (!(path in has)) fail(path " is not in the list of what is " wanted[path])
    else if (wanted[path] == "masked" && has[path] != "masked") fail(path " is only read-only")
    if (!(path in there)) continue
    if (has[path] == "masked" && root[path] != "/null" && type[path] != "tmpfs")
      fail(path " is not masked")
    their_flags[path] = "ro"
  }
  for (path in their_flags) {
    if (path != "/" && !(path in there)) continue
    count = split(their_flags[path], flag, ",")
    for (i = 1; i <= count; ++i)
      if (flag[i] ~ /^(ro|nosuid|nodev|noexec)$/ &&
          index("," flags[cover(path)] ",", "," flag[i] ",") == 0)
        fail("the mount at " path " is not " flag[i] ": " flags[cover(path)])
  }
  split("cap.bounding cap.permitted cap.effective cap.inheritable cap.ambient seccomp " \
        "no_new_privs uid_map gid_map limit.nofile limit.core oom_score_adj", needed, " ")
  for (i in needed) if (!(needed[i] in seen)) fail("no line " needed[i])
}
