/* init/'s pure parts: the command line, superblocks, names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "options.h"
#include "probe.h"
#include "text.h"

static void line_formats(void **state)
{
    (void)state;
    struct line line = {0};
    const char *volatile nothing = NULL;
    line_add(&line, "%s %s %d %u %lu %02x%c", "a", nothing, -5, 7U, 4000000000UL, 0xbU, '!');
    assert_string_equal(line.s, "a (none) -5 7 4000000000 0b!");
    for (int i = 0; i < 1000; i++)
        line_add(&line, "0123456789");
    assert_int_equal(line.used, sizeof line.s - 1);
    assert_int_equal(line.s[line.used], 0);
}

static void line_takes_smallest_number(void **state)
{
    (void)state;
    struct line line = {0};
    line_add(&line, "%d", INT32_MIN);
    assert_string_equal(line.s, "-2147483648");
}

static void options_defaults(void **state)
{
    (void)state;
    struct options o;
    options_parse("BOOT_IMAGE=/vmlinuz console=ttyS0\n", &o);
    assert_int_equal(o.by, ROOT_NONE);
    assert_true(o.flags == MS_RDONLY);
    assert_int_equal(o.wait_seconds, 30);
    assert_false(o.quiet);
    assert_string_equal(o.init, "");
}

static void options_of_each_form(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum root_by by;
        const char *value;
    } cases[] = {
        {"root=LABEL=root", ROOT_LABEL, "root"},
        {"root=LABEL=\"my root\"", ROOT_LABEL, "my root"},
        {"\"root=LABEL=my root\" rw", ROOT_LABEL, "my root"},
        {"root=UUID=ab-cd", ROOT_UUID, "ab-cd"},
        {"root=/dev/disk/by-uuid/ab-cd", ROOT_UUID, "ab-cd"},
        {"root=PARTUUID=12345678-02", ROOT_PARTUUID, "12345678-02"},
        {"root=PARTLABEL=root", ROOT_PARTLABEL, "root"},
        {"root=/dev/sda2", ROOT_NAME, "sda2"},
        {"root=/dev/sda2 root=/dev/xvda1", ROOT_NAME, "xvda1"},
        {"root=sda2", ROOT_UNKNOWN, ""},
        {"root=", ROOT_UNKNOWN, ""},
        {"-- root=/dev/sda2", ROOT_NONE, ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct options o;
        options_parse(cases[i].line, &o);
        assert_int_equal(o.by, cases[i].by);
        assert_string_equal(o.value, cases[i].value);
    }
}

static void options_of_mounting(void **state)
{
    (void)state;
    struct options o;
    options_parse(
        "root=8:18 rw rootflags=noatime,data=journal,,commit=5 rootfstype=ext3 rootdelay=7 "
        "init=/bin/sh quiet rootwait",
        &o);
    assert_int_equal(o.by, ROOT_NUMBER);
    assert_int_equal(o.major, 8);
    assert_int_equal(o.minor, 18);
    assert_true(o.flags == MS_NOATIME);
    assert_string_equal(o.data, "data=journal,commit=5");
    assert_string_equal(o.fstype, "ext3");
    assert_int_equal(o.wait_seconds, 7);
    assert_string_equal(o.init, "/bin/sh");
    assert_true(o.quiet && o.wait_forever);
}

static void options_longer_than_their_place_are_cut(void **state)
{
    (void)state;
    struct options o;
    char line[5000];
    memset(line, 'x', sizeof line);
    memcpy(line, "root=LABEL=", 11);
    line[sizeof line - 1] = 0;
    options_parse(line, &o);
    assert_int_equal(strlen(o.value), sizeof o.value - 1);
}

static void options_for_modules(void **state)
{
    (void)state;
    char got[64];
    const char *line = "root=/dev/xvda1 xen_blkfront.sda_is_xvda=1 xen-blkfront.max=32 xen.x=2";
    options_module_parameters(line, "xen-blkfront", got, sizeof got);
    assert_string_equal(got, "sda_is_xvda=1 max=32");
    options_module_parameters(line, "xen", got, sizeof got);
    assert_string_equal(got, "x=2");
    options_module_parameters(line, "ext3", got, sizeof got);
    assert_string_equal(got, "");
    options_module_parameters(line, "xen-blkfront", got, 20);
    assert_true(strlen(got) < 20);
}

static void names_of_the_same_place(void **state)
{
    (void)state;
    char names[OPTIONS_NAMES][32];
    assert_int_equal(options_other_names("sda2", names), 5);
    assert_string_equal(names[0], "xvda2");
    assert_string_equal(names[1], "vda2");
    assert_string_equal(names[2], "hda2");
    assert_string_equal(names[3], "xvde2");
    assert_string_equal(names[4], "nvme0n1p2");
    assert_int_equal(options_other_names("nvme1n1", names), 5);
    assert_string_equal(names[0], "sdb");
    assert_int_equal(options_other_names("nvme1n1p3", names), 5);
    assert_string_equal(names[1], "xvdb3");
    assert_int_equal(options_other_names("mapper/root", names), 0);
    assert_int_equal(options_other_names("sda2x", names), 0);
    assert_int_equal(options_other_names("sd", names), 0);
    assert_int_equal(options_other_names("nvme", names), 0);
}

/* Run a tool that makes a file system on a file of 'mib' MiB, and probe what it made. */
static void probe_made(const char *command, unsigned mib, struct probe *ret)
{
    char path[] = "/tmp/probe-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)mib << 20), 0);
    auto_free char *line =
        xprintf("PATH=$PATH:/usr/sbin:/sbin; %s %s >/dev/null 2>&1", command, path);
    int r = system(line);
    if (r != 0) {
        unlink(path);
        print_message("'%s' does not work here\n", command);
        skip();
    }
    auto_free uint8_t *bytes = xmalloc(PROBE_BYTES);
    ssize_t n = pread(fd, bytes, PROBE_BYTES, 0);
    close(fd);
    unlink(path);
    assert_true(n > 0);
    probe_filesystem(bytes, (size_t)n, ret);
}

#define UUID "0123abcd-1111-2222-3333-444455556666"

static void probes_ext(void **state)
{
    (void)state;
    for (unsigned version = 2; version <= 4; version++) {
        struct probe p;
        auto_free char *command = xprintf("mke2fs -t ext%u -L root -U " UUID, version);
        auto_free char *type = xprintf("ext%u", version);
        probe_made(command, 16, &p);
        assert_string_equal(p.type, type);
        assert_string_equal(p.label, "root");
        assert_string_equal(p.uuid, UUID);
    }
}

static void probes_swap(void **state)
{
    (void)state;
    struct probe p;
    probe_made("mkswap -L swap -U " UUID, 16, &p);
    assert_string_equal(p.type, "swap");
    assert_string_equal(p.label, "swap");
    assert_string_equal(p.uuid, UUID);
}

/* By the places of the on-disk formats' documentation, as these tools may not be here. */
static void probes_xfs_and_btrfs(void **state)
{
    (void)state;
    struct probe p;
    auto_free uint8_t *bytes = xcalloc(1, PROBE_BYTES);
    memcpy(bytes, "XFSB", 4);
    memcpy(bytes + 32, "\x01\x23\xab\xcd", 4);
    memcpy(bytes + 108, "system\x1b[2J-and-more", 12);
    probe_filesystem(bytes, PROBE_BYTES, &p);
    assert_string_equal(p.type, "xfs");
    assert_string_equal(p.label, "system?[2J-a");
    assert_string_equal(p.uuid, "0123abcd-0000-0000-0000-000000000000");
    memset(bytes, 0, 512);
    memcpy(bytes + 0x10040, "_BHRfS_M", 8);
    memcpy(bytes + 0x1012b, "pool", 4);
    probe_filesystem(bytes, PROBE_BYTES, &p);
    assert_string_equal(p.type, "btrfs");
    assert_string_equal(p.label, "pool");
}

static void probes_vfat(void **state)
{
    (void)state;
    struct probe p;
    probe_made("mkfs.vfat -n BOOT -i 1234abcd", 64, &p);
    assert_string_equal(p.type, "vfat");
    assert_string_equal(p.label, "BOOT");
    assert_string_equal(p.uuid, "1234-abcd");
}

static void probes_nothing_in_nothing(void **state)
{
    (void)state;
    struct probe p;
    struct probe_partition q;
    auto_free uint8_t *zeros = xcalloc(1, PROBE_BYTES);
    probe_filesystem(zeros, PROBE_BYTES, &p);
    assert_null(p.type);
    probe_filesystem(zeros, 0, &p);
    assert_null(p.type);
    probe_partition(zeros, PROBE_BYTES, 1, &q);
    assert_string_equal(q.uuid, "");
}

/* Every length of a superblock that ends too early: nothing is read behind the end. */
static void probes_short_devices(void **state)
{
    (void)state;
    for (size_t size = 0; size < 5000; size++) {
        struct probe p;
        struct probe_partition q;
        auto_free uint8_t *bytes = xmalloc(size + 1);
        memset(bytes, 0xff, size + 1);
        if (size >= 1024 + 0x3a)
            memcpy(bytes + 1024 + 0x38, "\x53\xef", 2);
        if (size >= 520)
            memcpy(bytes + 512, "EFI PART", 8);
        uint8_t *exact = xmemdup(bytes, size);
        probe_filesystem(exact, size, &p);
        probe_partition(exact, size, 1, &q);
        free(exact);
        if (size < 2048)
            assert_null(p.type);
    }
}

static void partition_probe(const char *script, unsigned number, struct probe_partition *ret)
{
    char path[] = "/tmp/table-XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(ftruncate(fd, 64 << 20), 0);
    auto_free char *line =
        xprintf("PATH=$PATH:/usr/sbin:/sbin; printf '%s' | sfdisk -q %s 2>&1", script, path);
    assert_int_equal(system(line), 0);
    auto_free uint8_t *bytes = xmalloc(PROBE_BYTES);
    ssize_t n = pread(fd, bytes, PROBE_BYTES, 0);
    close(fd);
    unlink(path);
    assert_int_equal(n, PROBE_BYTES);
    probe_partition(bytes, PROBE_BYTES, number, ret);
}

static void partitions_of_gpt(void **state)
{
    (void)state;
    struct probe_partition p;
    const char *script = "label: gpt\\nstart=2048,size=8192\\nname=system,uuid=" UUID "\\n";
    partition_probe(script, 2, &p);
    assert_string_equal(p.uuid, UUID);
    assert_string_equal(p.label, "system");
    partition_probe(script, 200, &p);
    assert_string_equal(p.uuid, "");
}

static void partitions_of_mbr(void **state)
{
    (void)state;
    struct probe_partition p;
    partition_probe("label: dos\\nlabel-id: 0x0012cdef\\n2048,8192\\n,,L\\n", 2, &p);
    assert_string_equal(p.uuid, "0012cdef-02");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_formats),
        cmocka_unit_test(line_takes_smallest_number),
        cmocka_unit_test(options_defaults),
        cmocka_unit_test(options_of_each_form),
        cmocka_unit_test(options_of_mounting),
        cmocka_unit_test(options_longer_than_their_place_are_cut),
        cmocka_unit_test(options_for_modules),
        cmocka_unit_test(names_of_the_same_place),
        cmocka_unit_test(probes_ext),
        cmocka_unit_test(probes_swap),
        cmocka_unit_test(probes_xfs_and_btrfs),
        cmocka_unit_test(probes_vfat),
        cmocka_unit_test(probes_nothing_in_nothing),
        cmocka_unit_test(probes_short_devices),
        cmocka_unit_test(partitions_of_gpt),
        cmocka_unit_test(partitions_of_mbr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
