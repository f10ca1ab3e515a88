# SPDX-License-Identifier: Apache-2.0
# Of the control's two answers to each check the one that is ours, or else its last. Told on standard
# error is where only its second was ours.
#   awk -f nearest.awk OURS FIRST SECOND
FNR == 1 { ++file; check = 0 }
/^## / { ++check; if (file == 3) name[check] = substr($0, 4) }
{ answer[file, check] = answer[file, check] $0 "\n" }
END {
  for (i = 0; i <= check; ++i) {
    if (answer[1, i] == answer[2, i]) printf "%s", answer[2, i]
    else {
      printf "%s", answer[3, i]
      if (answer[1, i] == answer[3, i])
        print "the control gave two answers to '" name[i] "'" >"/dev/stderr"
    }
  }
}
