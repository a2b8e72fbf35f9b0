/* The image as a file, and its table as sfdisk sees it. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "disk/disk.h"
#include "disk/table.h"

#define MIB (UINT64_C(1) << 20)

static char directory[] = "/tmp/disk-test-XXXXXX";

static char *in_directory(const char *name)
{
    return xprintf("%s/%s", directory, name);
}

static size_t count_files(void)
{
    auto_free char *command = xprintf("ls -A %s | wc -l", directory);
    FILE *out = popen(command, "re");
    size_t n = 0;
    assert_int_equal(fscanf(out, "%zu", &n), 1);
    pclose(out);
    return n;
}

static void put(const char *path, const char *text)
{
    FILE *out = fopen(path, "we");
    assert_true(out && fputs(text, out) >= 0 && fclose(out) == 0);
}

static char *judge(const char *program, const char *path)
{
    auto_free char *command = xprintf("%s %s 2>&1", program, path);
    FILE *out = popen(command, "re");
    char *text = xcalloc(1, 8192);
    size_t n = fread(text, 1, 8191, out);
    text[n] = '\0';
    assert_int_equal(pclose(out), 0);
    return text;
}

static struct layout_part parts[] = {
    {.number = 1,
        .kind = LAYOUT_FILESYSTEM,
        .start_bytes = MIB,
        .size_bytes = 100 * MIB,
        .active = true},
    {.number = 2, .kind = LAYOUT_SWAP, .start_bytes = 101 * MIB, .size_bytes = 50 * MIB},
    {.number = 3, .kind = LAYOUT_PREPBOOT, .start_bytes = 151 * MIB, .size_bytes = 8 * MIB},
    {.number = 5, .kind = LAYOUT_PV, .start_bytes = 160 * MIB, .size_bytes = 20 * MIB},
    {.number = 6, .kind = LAYOUT_FILESYSTEM, .start_bytes = 181 * MIB, .size_bytes = 319 * MIB},
};
static const struct layout mbr = {
    .label = LABEL_MSDOS, .disk_bytes = 500 * MIB, .disk_id = 0x12ab34cd, .parts = parts, .n = 5};

static struct layout_part gpt_parts[] = {
    {.number = 1,
        .kind = LAYOUT_ESP,
        .start_bytes = MIB,
        .size_bytes = 100 * MIB,
        .part_uuid = {1, 2, 3}},
    {.number = 2,
        .kind = LAYOUT_BIOSBOOT,
        .start_bytes = 101 * MIB,
        .size_bytes = MIB,
        .part_uuid = {4, 5, 6}},
    {.number = 3,
        .kind = LAYOUT_FILESYSTEM,
        .start_bytes = 102 * MIB,
        .size_bytes = 397 * MIB,
        .part_uuid = {7, 8, 9}},
};
static const struct layout gpt = {.label = LABEL_GPT,
    .disk_bytes = 500 * MIB,
    .disk_uuid = {0xaa, 0xbb},
    .parts = gpt_parts,
    .n = 3};

static struct disk *make(const char *path, const struct layout *layout, bool force)
{
    struct err err = {0};
    struct disk *disk = NULL;
    assert_int_equal(disk_create(path, layout->disk_bytes, force, &disk, &err), 0);
    if (disk_write_table(disk, layout, &err) < 0)
        fail_msg("%s", err.message);
    return disk;
}

static void check_table(const struct layout *layout, const char *const *expected)
{
    auto_free char *path = in_directory("table.img");
    struct err err = {0};
    struct disk *disk = make(path, layout, true);
    assert_int_equal(disk_commit(disk, &err), 0);
    disk_discard(disk);
    free(judge("sfdisk --verify -q", path));
    auto_free char *dump = judge("sfdisk -d", path);
    for (size_t i = 0; expected[i]; i++)
        if (!strstr(dump, expected[i]))
            fail_msg("'%s' is not in:\n%s", expected[i], dump);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, layout->disk_bytes);
    assert_true(st.st_blocks * 512 < (blkcnt_t)MIB);
    unlink(path);
}

static void mbr_with_logical_partitions(void **state)
{
    (void)state;
    static const char *const expected[] = {"label: dos", "label-id: 0x12ab34cd",
        "img1 : start=        2048, size=      204800, type=83, bootable",
        "img2 : start=      206848, size=      102400, type=82\n",
        "img3 : start=      309248, size=       16384, type=41\n",
        "img4 : start=      325632, size=      698368, type=f\n",
        "img5 : start=      327680, size=       40960, type=8e\n",
        "img6 : start=      370688, size=      653312, type=83\n", NULL};
    check_table(&mbr, expected);
}

static void gpt_with_its_uuids(void **state)
{
    (void)state;
    static const char *const expected[] = {"label: gpt",
        "label-id: AABB0000-0000-0000-0000-000000000000",
        "img1 : start=        2048, size=      204800, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, "
        "uuid=01020300-0000-0000-0000-000000000000",
        "img2 : start=      206848, size=        2048, type=21686148-6449-6E6F-744E-656564454649",
        "img3 : start=      208896, size=      813056, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4",
        NULL};
    check_table(&gpt, expected);
}

static void no_table_on_a_whole_disk(void **state)
{
    (void)state;
    const struct layout none = {.label = LABEL_NONE, .disk_bytes = 10 * MIB};
    assert_null(disk_table_script(&none));
    auto_free char *path = in_directory("whole.img");
    struct disk *disk = make(path, &none, false);
    uint8_t sector[512] = {0}, zeros[512] = {0};
    assert_int_equal(file_pread_all(disk->fd, sector, sizeof sector, 0), 0);
    assert_memory_equal(sector, zeros, sizeof sector);
    disk_discard(disk);
}

static void the_same_bytes_twice(void **state)
{
    (void)state;
    auto_free char *a = in_directory("a.img"), *b = in_directory("b.img");
    struct err err = {0};
    struct disk *one = make(a, &gpt, false), *two = make(b, &gpt, false);
    assert_int_equal(disk_commit(one, &err), 0);
    assert_int_equal(disk_commit(two, &err), 0);
    auto_free char *both = xprintf("%s %s", a, b);
    free(judge("cmp", both));
    disk_discard(one);
    disk_discard(two);
    unlink(a);
    unlink(b);
}

static void nothing_under_the_name_until_it_is_complete(void **state)
{
    (void)state;
    auto_free char *path = in_directory("late.img");
    struct disk *disk = make(path, &mbr, false);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(count_files(), 1);
    disk_discard(disk);
    assert_int_equal(count_files(), 0);
}

static void an_image_is_not_replaced_unasked(void **state)
{
    (void)state;
    auto_free char *path = in_directory("there.img");
    struct err err = {0};
    struct disk *disk = make(path, &mbr, false);
    /* Made by somebody else while the build ran. */
    put(path, "mine");
    assert_int_equal(disk_commit(disk, &err), -EEXIST);
    err_done(&err);
    disk_discard(disk);
    disk = NULL;
    assert_int_equal(disk_create(path, MIB, false, &disk, &err), -EEXIST);
    assert_int_equal(err.kind, ERR_USAGE);
    assert_non_null(strstr(err.hint, "--force"));
    err_done(&err);
    disk = make(path, &mbr, true);
    auto_free char *text = NULL;
    size_t size = 0;
    assert_int_equal(file_read(path, 100, &text, &size), 0);
    assert_string_equal(text, "mine");
    assert_int_equal(disk_commit(disk, &err), 0);
    disk_discard(disk);
    assert_int_equal(count_files(), 1);
    unlink(path);
}

static void what_a_killed_build_left_goes(void **state)
{
    (void)state;
    auto_free char *path = in_directory("disk.img");
    auto_free char *stale = in_directory(".disk.img.slipway-00000000");
    auto_free char *other = in_directory(".disk.img.backup");
    put(stale, "x");
    put(other, "x");
    struct disk *first = make(path, &mbr, false);
    assert_int_equal(access(stale, F_OK), -1);
    assert_int_equal(access(other, F_OK), 0);
    /* One that is being built stays. */
    struct disk *second = make(path, &mbr, false);
    assert_int_equal(access(first->path, F_OK), 0);
    disk_discard(first);
    disk_discard(second);
    unlink(other);
    assert_int_equal(count_files(), 0);
}

static void outputs_that_cannot_be_made(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum err_kind kind;
    } bad[] = {{"/nowhere/disk.img", ERR_SYSTEM}, {"/dev/null", ERR_USAGE}, {"/tmp/", ERR_USAGE},
        {"/tmp", ERR_USAGE}, {"/proc/disk.img", ERR_SYSTEM}};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct err err = {0};
        struct disk *disk = NULL;
        assert_true(disk_create(bad[i].path, MIB, true, &disk, &err) < 0);
        assert_int_equal(err.kind, bad[i].kind);
        err_done(&err);
    }
    auto_free char *path = in_directory("large.img");
    struct err err = {0};
    struct disk *disk = NULL;
    assert_int_equal(disk_create(path, UINT64_C(1) << 62, false, &disk, &err), -EFBIG);
    err_done(&err);
    assert_int_equal(count_files(), 0);
}

static int setup(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mbr_with_logical_partitions),
        cmocka_unit_test(gpt_with_its_uuids),
        cmocka_unit_test(no_table_on_a_whole_disk),
        cmocka_unit_test(the_same_bytes_twice),
        cmocka_unit_test(nothing_under_the_name_until_it_is_complete),
        cmocka_unit_test(an_image_is_not_replaced_unasked),
        cmocka_unit_test(what_a_killed_build_left_goes),
        cmocka_unit_test(outputs_that_cannot_be_made),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
