# SPDX-License-Identifier: Apache-2.0
# The launch table as a bar chart: awk -f chart.awk launch.tsv > chart.svg
BEGIN { FS = "\t" }
{ name[NR] = $1; median[NR] = $2; ratio[NR] = $4; if ($2 > widest) widest = $2 }
END {
  left = 220; bar = 34; gap = 14; span = 430
  height = NR * (bar + gap) + 70
  printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 800 %d\" role=\"img\" aria-label=\"Median time of a launch\" font-family=\"sans-serif\" font-size=\"15\">\n", height
  printf "<rect width=\"800\" height=\"%d\" fill=\"#ffffff\"/>\n", height
  printf "<text x=\"20\" y=\"30\" font-size=\"18\" fill=\"#222222\">Launching /bin/true in four namespaces: median, µs (ratio to the floor)</text>\n"
  for (row = 1; row <= NR; row++) {
    y = 50 + (row - 1) * (bar + gap)
    colour = name[row] ~ /^mini_container/ ? "#1f6feb" : name[row] == "floor" ? "#57606a" : "#afb8c1"
    width = median[row] / widest * span
    printf "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"#222222\">%s</text>\n", left - 10, y + 22, name[row]
    printf "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n", left, y, width, bar, colour
    printf "<text x=\"%.1f\" y=\"%d\" fill=\"#222222\">%d (%.2f)</text>\n", left + width + 8, y + 22, median[row], ratio[row]
  }
  print "</svg>"
}
