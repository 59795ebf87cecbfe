#!/usr/bin/env bats
# The README's terminal is what the program says: every line that begins with `    $ dmlint` is run, and what follows it is compared.

@test "the transcript in the README is true" {
    cd "$SOURCE_DIR"
    export PATH="$(dirname "$DMLINT"):$PATH"
    run python3 - README.md <<'P'
import re, subprocess, sys
text = open(sys.argv[1]).read()
blocks = re.findall(r"^    \$ (dmlint .*)\n((?:    (?!\$ ).*\n|\n(?=    (?!\$ )))*)", text, re.M)
assert len(blocks) >= 2, "no transcript found"
for command, said in blocks:
    said = "".join(l[4:] if l.startswith("    ") else l for l in said.splitlines(True))
    out = subprocess.run(["bash", "-c", command + " 2>&1"], capture_output=True, text=True).stdout
    if out.rstrip("\n") != said.rstrip("\n"):
        sys.exit("README says of `%s`:\n%s\nbut it prints:\n%s" % (command, said, out))
P
    echo "$output"
    [ "$status" -eq 0 ]
}
