#!/usr/bin/env bats
# What libxl stored of running guests, and saved images, as a user meets them: check, argv, migrate, host collect.

setup() {
    cd "$BATS_TEST_TMPDIR"
    mkdir -p etc root/etc root/var/lib/xen/save root/proc/sys
    printf 'name = "web"\ntype = "hvm"\nmemory = 1024\ndisk = [ "/dev/vg0/web,raw,xvda,w" ]\ndm_restrict = 1\n' >etc/web.cfg
    stored web '"dm_restrict": "True",' >userdata-d.7.0-1.libxl-json
    stored web '' >old
    cp "$SOURCE_DIR/tests/data/host.yaml" facts.yaml
}

# stored NAME MEMBERS: libxl's JSON
stored() {
    cat <<F
{
    "c_info": {
        "type": "hvm",
        "name": "$1",
        "uuid": "010cfeed-a4a5-4aa7-8aa9-aaabacadaeaf"
    },
    "b_info": {
        "max_vcpus": 1,
        "avail_vcpus": [ 0 ],
        "max_memkb": 1048576,
        "target_memkb": 1048576,
        "video_memkb": 8192,
        $2
        "type.hvm": { "vga": { }, "vnc": { } }
    },
    "disks": [
        { "pdev_path": "/dev/vg0/web", "vdev": "xvda", "format": "raw", "readwrite": 1 }
    ]
}
F
}

# image FLAGS CONFIG: an image of xl save with 3 MiB of guest behind the config
image() {
    python3 - "$1" "$2" <<'F'
import struct, sys
config = open(sys.argv[2], "rb").read() + b"\0"
sys.stdout.buffer.write(b"Xen saved domain, xl format\n \0 \r".ljust(32, b"\0") + struct.pack("=IIII", 0x01020304, int(sys.argv[1]), 0, len(config) + 4) +
                        struct.pack("=I", len(config)) + config + b"\xaa" * (3 << 20))
F
}

@test "a stored config and an image get the verdict and the argv of the file" {
    image 3 userdata-d.7.0-1.libxl-json >web.save
    image 2 etc/web.cfg >old.save
    for guest in userdata-d.7.0-1.libxl-json web.save old.save; do
        run "$DMLINT" check --host facts.yaml -q --require-ready "$guest"
        if [[ $guest == *.save ]]; then # ready but for what a restored QEMU may not do with an emulated disk
            [ "$status" -eq 1 ]
            [[ "$output" == *"$guest: verdict: blocked by DM2044 restore-stays-paused (guest)"* ]]
            run "$DMLINT" argv --host facts.yaml "$guest"
            [[ "$output" == *"note: xl restore adds -incoming fd:N before -machine"* ]]
        else
            [ "$status" -eq 0 ]
        fi
        cmp <("$DMLINT" argv --host facts.yaml --domid 7 "$guest") <("$DMLINT" argv --host facts.yaml --domid 7 etc/web.cfg)
    done
    sed 's/xvda/xvde/' userdata-d.7.0-1.libxl-json >later # that is not emulated
    image 3 later >later.save
    "$DMLINT" check --host facts.yaml -q --require-ready later.save
    cmp <("$DMLINT" argv --host facts.yaml - <web.save) <("$DMLINT" argv --host facts.yaml etc/web.cfg)
}

@test "findings are placed in the JSON, and nothing offers a fix" {
    sed -i 's/"format": "raw"/"format": "qcow2"/' userdata-d.7.0-1.libxl-json
    run "$DMLINT" check --host facts.yaml -q -f concise userdata-d.7.0-1.libxl-json
    [ "$status" -eq 1 ]
    [[ "$output" == *"userdata-d.7.0-1.libxl-json:17:9: "*DM2012* ]]
    run "$DMLINT" check --host facts.yaml -q -f json old
    [[ "$output" == *'"verdict":"blocked"'* ]]
    [[ "$output" == *DM1006* ]]
    [[ "$output" != *'"safety"'* ]]
}

@test "fixing leaves them alone and says so" {
    cp old before
    run "$DMLINT" check --host facts.yaml -q --fix old etc/web.cfg
    [ "$status" -eq 4 ]
    [[ "$output" == *"old was stored by xl and is never fixed"* ]]
    cmp old before
    run "$DMLINT" check --host facts.yaml --diff old
    [ "$status" -eq 0 ]
    [[ "$output" != *"@@"* ]]
    run "$DMLINT" argv --fixed old
    [ "$status" -eq 2 ]
    [[ "$output" == *"never fixed"* ]]
}

@test "a directory gives stored configs by their name, and no other JSON" {
    mkdir d
    cp userdata-d.7.0-1.libxl-json d/
    echo '{"c_info": {}}' >d/other.json
    cp old d/userdata-d.7.0-1.json
    run "$DMLINT" check --host facts.yaml -q -f json d
    [ "$(grep -c '"verdict"' <<<"$output")" -eq 1 ]
}

@test "what is damaged gets a message with its place" {
    head -c 200 old >cut
    run "$DMLINT" -q -f concise cut
    [ "$status" -eq 1 ]
    [[ "$output" == "cut:"[0-9]*":"[0-9]*": error: the stored config is damaged: it ends in the middle"*DM0001* ]]
    sed 's/"b_info"/b_info/' old >broken
    run "$DMLINT" -q -f concise broken
    [[ "$output" == "broken:7:5: error: the stored config is damaged: no JSON from"* ]]
    image 3 old | head -c 300 >cut.save
    run "$DMLINT" -q -f concise cut.save
    [[ "$output" == *"the saved image ends before its config does"* ]]
    image 9 old >flags.save
    run "$DMLINT" -q -f concise flags.save
    [[ "$output" == *"no xl up to 4.22 knows"* ]]
    run "$DMLINT" argv cut
    [ "$status" -eq 1 ]
    [[ "$output" == *"would not start this guest"*"ends in the middle"* ]]
}

@test "--max-bytes counts the config of an image, not the image" {
    image 3 old >web.save
    run "$DMLINT" -q -f concise --max-bytes 2000 web.save
    [[ "$output" != *DM0004* ]]
    run "$DMLINT" -q -f concise --max-bytes 200 web.save
    [[ "$output" == *DM0004* ]]
}

@test "drift: a stored config against the file of its guest" {
    run "$DMLINT" check --host facts.yaml -q -f concise etc/web.cfg userdata-d.7.0-1.libxl-json
    [ "$status" -eq 0 ]
    [[ "$output" != *DM3018* ]]
    mv old userdata-d.7.0-1.libxl-json
    run "$DMLINT" check --host facts.yaml -q -f concise etc/web.cfg userdata-d.7.0-1.libxl-json
    [[ "$output" == *"a cold restart is due"*"it differs in: dm_restrict, QEMU's command line"*DM3018* ]]
    run "$DMLINT" check --host facts.yaml -q -f json etc/web.cfg userdata-d.7.0-1.libxl-json
    [[ "$output" == *'"running":"unrestricted"'* ]]
    image 3 userdata-d.7.0-1.libxl-json >web.save
    run "$DMLINT" check --host facts.yaml -q -f concise etc/web.cfg web.save
    [[ "$output" == *"the saved image would bring web back"*DM3018* ]]
    stored db '' >userdata-d.8.0-2.libxl-json
    run "$DMLINT" check --host facts.yaml -q -f concise etc/web.cfg userdata-d.8.0-2.libxl-json
    [[ "$output" == *"none of the files judged here is of db"*DM3019* ]]
}

@test "a saved image is not a guest that runs" {
    image 3 old >web.save
    run "$DMLINT" check --host facts.yaml -q -f json etc/web.cfg web.save
    [[ "$output" == *DM3018* && "$output" != *'"running"'* ]]
    sed -i '/dm_restrict/d' etc/web.cfg
    run "$DMLINT" migrate --host facts.yaml etc/web.cfg web.save
    [[ "$output" != *"The guest runs now"* ]]
    # Beside one that runs, the one that runs counts, in whatever order they are named.
    for order in "web.save userdata-d.7.0-1.libxl-json" "userdata-d.7.0-1.libxl-json web.save"; do
        run "$DMLINT" check --host facts.yaml -q -f json etc/web.cfg $order
        [[ "$output" == *'"running":"restricted"'* && "$output" != *'"running":"unrestricted"'* ]]
    done
}

@test "migrate says what runs now" {
    sed -i '/dm_restrict/d' etc/web.cfg
    run "$DMLINT" migrate --host facts.yaml etc/web.cfg old
    [[ "$output" == *"The guest runs now, unrestricted."* ]]
}

@test "host collect lists what runs and what was saved" {
    cp userdata-d.7.0-1.libxl-json root/var/lib/xen/
    stored db '"device_model_user": "qemu-db",' >root/var/lib/xen/userdata-d.9.0-2.libxl-json
    stored gone '' >root/var/lib/xen/userdata-d.3.0-3.libxl-json
    echo '{' >root/var/lib/xen/userdata-d.4.0-4.libxl-json
    image 3 old >root/var/lib/xen/save/renamed
    echo junk >root/var/lib/xen/save/junk
    for domid in 7 9 12; do
        mkdir -p root/proc/10$domid
        printf '/usr/libexec/xen-qemu-system-i386\0-xen-domid\0%s\0-name\0guest%s\0' $domid $domid >root/proc/10$domid/cmdline
    done
    "$DMLINT" host collect --root root >facts.json 2>notes
    run python3 - <<'F'
import json
f = json.load(open("facts.json"))
run = {r["domid"]: r for r in f["running"]}
assert sorted(run) == [4, 7, 9, 12], run
assert run[7]["name"] == "web" and run[7]["dm_restrict"] is True and run[7]["device_model_user"] == ""
assert run[7]["path"] == "/var/lib/xen/userdata-d.7.0-1.libxl-json" and "uid" in run[7]
assert run[9]["device_model_user"] == "qemu-db" and run[9]["dm_restrict"] is False
assert run[12]["name"] == "guest12" and "dm_restrict" not in run[12]
assert "name" not in run[4]
saved = {i["path"]: i for i in f["saved_images"]}
assert saved["/var/lib/xen/save/renamed"]["name"] == "web"
assert saved["/var/lib/xen/save/renamed"]["dm_restrict"] is False
assert "dm_restrict" not in saved["/var/lib/xen/save/junk"]
F
    [ "$status" -eq 0 ]
    grep -q 'userdata-d.3.0-3.libxl-json is a leftover' notes
    grep -q 'userdata-d.4.0-4.libxl-json: ' notes
    grep -q 'save/junk: ' notes
    # Facts alone are enough to see that a restart is due.
    "$DMLINT" host collect -q --root root 2>/dev/null >facts.json
    run "$DMLINT" check --host facts.json --xen 4.17 -q -f concise etc/web.cfg
    [[ "$output" == *"save/renamed holds this guest with an unrestricted config"*DM3004* ]]
    printf 'name = "db"\ntype = "hvm"\nmemory = 1024\n' >db.cfg
    run "$DMLINT" check --host facts.json --xen 4.17 -q -f concise db.cfg
    [[ "$output" == *"db was created with device_model_user qemu-db"*DM3017* ]]
    "$DMLINT" host collect -q --redact --root root 2>/dev/null >redacted.json
    ! grep -q qemu-db redacted.json
}
