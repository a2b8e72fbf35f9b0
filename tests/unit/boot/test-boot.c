#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "boot/internal.h"

#define DISK_BYTES (3 << 20)
#define FILLER 0xa5 /* what stands in the disk and in loader files wherever it does not matter */
#define CORE_BYTES (40 * 512 + 100)
#define STAGE1_5_BYTES (17 * 512 + 3)

static uint64_t get(const uint8_t *p, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = bytes; i--;)
        value = value << 8 | p[i];
    return value;
}

/* --- loader files with just the marks that are looked at */

static void make_boot_img(uint8_t *image)
{
    memset(image, FILLER, 512);
    image[0] = 0xeb;
    image[0x66] = 0xeb;
    image[510] = 0x55;
    image[511] = 0xaa;
}

static void make_stage1(uint8_t *image)
{
    memset(image, FILLER, 512);
    image[0x3e] = 3;
    image[0x3f] = 2;
    image[510] = 0x55;
    image[511] = 0xaa;
}

/* stage1_5 and stage2 alike: the list of sectors, then version numbers and "0.97". */
static void make_stage(uint8_t *bytes, size_t size)
{
    memset(bytes, FILLER, size);
    memset(bytes + 0x1f0, 0, 16);
    bytes[512 + 6] = 3;
    bytes[512 + 7] = 2;
    memcpy(bytes + 512 + 0x12, "0.97", 5);
}

/* --- a world without recipe and packages */

struct world {
    struct arena *arena; /* of texts */
    struct layout_part parts[2];
    struct layout layout;
    struct era era;
    struct boot_plan plan;
    struct tree *tree;
    int disk;
};

static int setup(void **state)
{
    struct world *w = xcalloc(1, sizeof *w);
    w->arena = arena_new();
    w->parts[0] = (struct layout_part){.number = 1,
        .kind = LAYOUT_FILESYSTEM,
        .mountpoint = arena_strdup(w->arena, "/"),
        .fstype = arena_strdup(w->arena, "ext4"),
        .start_bytes = 1 << 20,
        .size_bytes = 2 << 20};
    w->layout =
        (struct layout){.label = LABEL_MSDOS, .disk_bytes = DISK_BYTES, .parts = w->parts, .n = 1};
    w->era.grub2_directory = arena_strdup(w->arena, "/boot/grub");
    w->plan.boot_part = w->plan.root_part = &w->parts[0];
    uint8_t boot_img[512], stage1[512], stage1_5[STAGE1_5_BYTES], core[CORE_BYTES];
    make_boot_img(boot_img);
    make_stage1(stage1);
    make_stage(stage1_5, sizeof stage1_5);
    memset(core, FILLER - 1, sizeof core);
    struct tree_builder *builder = tree_builder_new(NULL);
    tree_add_file(builder, "/boot/grub/i386-pc/boot.img", 0644, boot_img, 512, 0);
    tree_add_file(builder, "/boot/grub/i386-pc/core.img", 0644, core, sizeof core, 0);
    tree_add_file(builder, "/boot/grub/stage1", 0644, stage1, 512, 0);
    tree_add_file(builder, "/boot/grub/e2fs_stage1_5", 0644, stage1_5, sizeof stage1_5, 0);
    struct err err = {0};
    assert_int_equal(tree_builder_finish(builder, &w->tree, &err), 0);
    tree_builder_free(builder);
    w->disk = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    assert_true(w->disk >= 0);
    auto_free uint8_t *filled = xmalloc(DISK_BYTES);
    memset(filled, FILLER, DISK_BYTES);
    assert_int_equal(file_pwrite_all(w->disk, filled, DISK_BYTES, 0), 0);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    tree_free(w->tree);
    arena_free(w->arena);
    close(w->disk);
    free(w);
    return 0;
}

static uint8_t *read_disk(const struct world *w)
{
    uint8_t *bytes = xmalloc(DISK_BYTES);
    assert_int_equal(file_pread_all(w->disk, bytes, DISK_BYTES, 0), 0);
    return bytes;
}

/* All but the boot code and 'size' bytes from 'start' is as it was. */
static void assert_untouched(const uint8_t *disk, uint64_t start, uint64_t size)
{
    for (uint64_t i = 440; i < DISK_BYTES; i++)
        if (i < start || i >= start + size)
            assert_int_equal(disk[i], FILLER);
}

static void assert_fails(int r, struct err *err, enum err_kind kind, const char *text)
{
    assert_true(r < 0);
    assert_int_equal(err->kind, kind);
    if (!strstr(err->message, text))
        fail_msg("'%s' is not in '%s'", text, err->message);
    err_done(err);
}

static int embed(const struct world *w, struct err *err)
{
    return boot_embed(w->disk, &w->plan, &w->layout, &w->era, w->tree, err);
}

/* --- GRUB 2 */

static void assert_core(const uint8_t *disk, uint64_t lba)
{
    const uint8_t *core = disk + lba * 512;
    assert_int_equal(get(disk + 0x5c, 8), lba);
    assert_int_equal(disk[0x64], 0xff);
    assert_int_equal(get(disk + 0x66, 2), 0x9090);
    assert_int_equal(get(core + 500, 8), lba + 1);
    assert_int_equal(get(core + 508, 2), 40);
    assert_int_equal(get(core + 510, 2), 0x820);
    for (size_t i = 0; i < CORE_BYTES; i++)
        if (i < 500 || i >= 512)
            assert_int_equal(core[i], FILLER - 1);
}

static void test_grub2_behind_the_mbr(void **state)
{
    struct world *w = *state;
    struct err err = {0};
    w->plan.grub2_bios = true;
    assert_int_equal(embed(w, &err), 0);
    auto_free uint8_t *disk = read_disk(w);
    assert_core(disk, 1);
    assert_untouched(disk, 512, CORE_BYTES);
}

static void test_grub2_in_a_biosboot_partition(void **state)
{
    struct world *w = *state;
    struct err err = {0};
    w->plan.grub2_bios = true;
    w->layout.label = LABEL_GPT;
    w->parts[1] = w->parts[0];
    w->parts[0] = (struct layout_part){
        .number = 1, .kind = LAYOUT_BIOSBOOT, .start_bytes = 1 << 20, .size_bytes = 1 << 20};
    w->parts[1].start_bytes = 2 << 20;
    w->layout.n = 2;
    w->plan.boot_part = w->plan.root_part = &w->parts[1];
    assert_int_equal(embed(w, &err), 0);
    auto_free uint8_t *disk = read_disk(w);
    assert_core(disk, 2048);
    assert_untouched(disk, 1 << 20, CORE_BYTES);

    w->parts[0].size_bytes = CORE_BYTES - 1;
    assert_fails(embed(w, &err), &err, ERR_CHECK, "does not fit into the BIOS boot partition");
}

static void test_gap_too_small(void **state)
{
    struct world *w = *state;
    struct err err = {0};
    w->plan.grub2_bios = true;
    w->parts[0].start_bytes = 512 + CORE_BYTES - 1;
    assert_fails(embed(w, &err), &err, ERR_CHECK, "GRUB 2's core image needs 20580 bytes");
    w->plan.grub2_bios = false;
    w->plan.grub_legacy = true;
    w->parts[0].start_bytes = 512 + STAGE1_5_BYTES - 1;
    assert_fails(embed(w, &err), &err, ERR_CHECK, "stage 1.5 needs 8707 bytes");
    auto_free uint8_t *disk = read_disk(w);
    assert_untouched(disk, 0, 0);
    assert_int_equal(disk[0], FILLER);
    w->parts[0].start_bytes = 512 + STAGE1_5_BYTES;
    assert_int_equal(embed(w, &err), 0);
}

static void replace(struct world *w, const char *path, const void *bytes, size_t size)
{
    struct err err = {0};
    struct tree *tree = NULL;
    struct tree_builder *builder = tree_builder_new(w->tree);
    if (bytes)
        tree_add_file(builder, path, 0644, bytes, size, 0);
    else
        tree_remove(builder, path);
    assert_int_equal(tree_builder_finish(builder, &tree, &err), 0);
    tree_builder_free(builder);
    tree_free(w->tree);
    w->tree = tree;
}

static void test_files_that_are_not_grub2(void **state)
{
    struct world *w = *state;
    struct err err = {0};
    uint8_t image[512];
    auto_free uint8_t *core = xcalloc(1, 1 << 20);
    w->plan.grub2_bios = true;
    replace(w, "/boot/grub/i386-pc/core.img", core, 512);
    assert_fails(embed(w, &err), &err, ERR_CHECK, "core.img of the installed GRUB is not");
    replace(w, "/boot/grub/i386-pc/core.img", core, 0x78000 - 0x8200 + 513);
    assert_fails(embed(w, &err), &err, ERR_CHECK, "has 897 sectors; a BIOS can load 896");
    replace(w, "/boot/grub/i386-pc/core.img", NULL, 0);
    assert_fails(embed(w, &err), &err, ERR_CHECK, "core.img' of the boot loader is gone");
    for (size_t i = 0; i < 3; i++) {
        static const size_t marks[] = {0, 0x66, 511};
        make_boot_img(image);
        image[marks[i]] ^= 1;
        replace(w, "/boot/grub/i386-pc/boot.img", image, 512);
        assert_fails(embed(w, &err), &err, ERR_CHECK, "boot.img of the installed GRUB is not");
    }
    replace(w, "/boot/grub/i386-pc/boot.img", image, 511);
    assert_fails(embed(w, &err), &err, ERR_CHECK, "has 511 bytes; a boot sector has 512");
}

/* --- GRUB 0.97 */

static void test_legacy(void **state)
{
    struct world *w = *state;
    struct err err = {0};
    w->plan.grub_legacy = true;
    w->parts[0].number = 3;
    assert_int_equal(embed(w, &err), 0);
    auto_free uint8_t *disk = read_disk(w);
    assert_int_equal(disk[0x40], 0xff);
    assert_int_equal(get(disk + 0x42, 2), 0x2000);
    assert_int_equal(get(disk + 0x44, 4), 1);
    assert_int_equal(get(disk + 0x48, 2), 0x200);
    assert_int_equal(get(disk + 0x4b, 2), 0x9090);
    const uint8_t *stage = disk + 512;
    assert_int_equal(get(stage + 0x1f8, 4), 2);
    assert_int_equal(get(stage + 0x1fc, 2), 17);
    assert_int_equal(get(stage + 0x1fe, 2), 0x220);
    assert_int_equal(get(stage + 512 + 8, 4), 0xffffff);
    const uint8_t *name = stage + 512 + 0x12 + 5;
    assert_int_equal(get(name, 4), 0xff02ffff);
    assert_string_equal((const char *)name + 4, "/boot/grub/stage2");
    assert_untouched(disk, 512, STAGE1_5_BYTES);
}

static void test_legacy_with_own_boot(void **state)
{
    struct world *w = *state;
    struct err err = {0};
    w->plan.grub_legacy = true;
    w->plan.root_part = &w->parts[1];
    assert_int_equal(embed(w, &err), 0);
    auto_free uint8_t *disk = read_disk(w);
    assert_string_equal((const char *)disk + 1024 + 0x12 + 5 + 4, "/grub/stage2");
}

static void test_files_that_are_not_grub_legacy(void **state)
{
    struct world *w = *state;
    struct err err = {0};
    uint8_t stage1[512], stage[1024];
    w->plan.grub_legacy = true;
    make_stage(stage, sizeof stage);
    stage[512 + 7] = 3;
    replace(w, "/boot/grub/e2fs_stage1_5", stage, sizeof stage);
    assert_fails(embed(w, &err), &err, ERR_CHECK, "e2fs_stage1_5 of the installed GRUB is not");
    make_stage(stage, sizeof stage);
    memset(stage + 512 + 0x12, 'x', 512 - 0x12); /* a version text that does not end */
    replace(w, "/boot/grub/e2fs_stage1_5", stage, sizeof stage);
    assert_fails(embed(w, &err), &err, ERR_CHECK, "is not as it should be");
    make_stage(stage, sizeof stage);
    memset(stage, 0xff, 512); /* a list of sectors that does not end */
    replace(w, "/boot/grub/e2fs_stage1_5", stage, sizeof stage);
    assert_fails(embed(w, &err), &err, ERR_CHECK, "is not as it should be");
    replace(w, "/boot/grub/e2fs_stage1_5", stage, 700);
    assert_fails(embed(w, &err), &err, ERR_CHECK, "is not as it should be");
    make_stage1(stage1);
    stage1[0x3e] = 4;
    replace(w, "/boot/grub/stage1", stage1, 512);
    assert_fails(embed(w, &err), &err, ERR_CHECK, "stage1 of the installed GRUB is not");
    make_stage(stage, sizeof stage);
    assert_int_equal(boot_legacy_patch_stage2(stage, sizeof stage, "/grub/menu.lst", &err), 0);
    assert_string_equal((const char *)stage + 512 + 0x12 + 5, "/grub/menu.lst");
    assert_fails(
        boot_legacy_patch_stage2(stage, 1000, "/grub/menu.lst", &err), &err, ERR_CHECK, "stage2");
}

static void test_nothing_to_embed(void **state)
{
    struct world *w = *state;
    struct err err = {0};
    w->plan.pvgrub = true;
    assert_int_equal(embed(w, &err), 0);
    auto_free uint8_t *disk = read_disk(w);
    assert_untouched(disk, 0, 0);
    assert_int_equal(disk[0], FILLER);
}

/* --- decisions that the layouts made by slipway do not lead to */

static void assert_no_plan(struct world *w, const char *text)
{
    static const struct recipe recipe = {.bootloader.timeout = -1};
    static const struct boot_options options = {.target = TARGET_QEMU_BIOS};
    char release[] = "2.6.32-1.el6", image[] = "/boot/vmlinuz-2.6.32-1.el6";
    struct era_kernel kernel = {.release = release, .image = image};
    struct boot_plan *plan = NULL;
    struct err err = {0};
    w->era.kernels = &kernel;
    w->era.n_kernels = 1;
    int r = boot_plan_make(&recipe, &w->layout, &w->era, &options, &plan, &err);
    assert_null(plan);
    assert_fails(r, &err, ERR_CHECK, text);
}

static void test_layouts_that_do_not_boot(void **state)
{
    struct world *w = *state;
    w->era.has_grub_legacy = true;
    w->parts[0].fstype = arena_strdup(w->arena, "xfs");
    assert_no_plan(w, "GRUB 0.97 needs ext2, ext3 or ext4 on a primary partition for /, not xfs");
    w->parts[0].fstype = arena_strdup(w->arena, "ext4");
    w->parts[0].number = 5;
    assert_no_plan(w, "not ext4 on partition 5");
    w->era.has_grub2 = true;
    w->era.grub2_mkimage = arena_strdup(w->arena, "/usr/bin/grub2-mkimage");
    w->parts[0].fstype = arena_strdup(w->arena, "jfs");
    assert_no_plan(w, "GRUB 2 is not set up for 'jfs', the file system of /");
    w->parts[0].fstype = arena_strdup(w->arena, "ext4");
    w->layout.label = LABEL_GPT;
    assert_no_plan(w, "needs a BIOS boot partition");
}

/* --- files into the root */

static int write_text(int root, const char *path, const char *text, struct err *err)
{
    auto_free char *path_copy = xstrdup(path), *text_copy = xstrdup(text);
    const struct boot_file file = {
        .path = path_copy, .bytes = (uint8_t *)text_copy, .size = strlen(text), .mode = 0640};
    return boot_file_write(root, &file, err);
}

static void assert_text(int root, const char *path, const char *text)
{
    auto_free char *data = NULL;
    size_t size;
    assert_int_equal(file_read_in(root, path, 4096, &data, &size), 0);
    assert_string_equal(data, text);
}

static void test_file_write(void **state)
{
    (void)state;
    char top[] = "/tmp/test-boot-XXXXXX";
    struct err err = {0};
    struct stat st;
    assert_non_null(mkdtemp(top));
    auto_close int root = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(write_text(root, "/boot/grub2/grub.cfg", "one", &err), 0);
    assert_text(root, "/boot/grub2/grub.cfg", "one");
    assert_int_equal(fstatat(root, "boot/grub2/grub.cfg", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0640);

    /* The link itself is replaced; one on the way is followed, and stays inside. */
    assert_int_equal(symlinkat("/boot/grub2/grub.cfg", root, "boot/menu"), 0);
    assert_int_equal(write_text(root, "/boot/menu", "two", &err), 0);
    assert_text(root, "/boot/grub2/grub.cfg", "one");
    assert_text(root, "/boot/menu", "two");
    assert_int_equal(symlinkat("/../../boot", root, "etc"), 0);
    assert_int_equal(write_text(root, "/etc/inside", "three", &err), 0);
    assert_text(root, "/boot/inside", "three");

    char path[] = "/boot/menu", target[] = ".";
    const struct boot_file link = {.path = path, .link_target = target};
    assert_int_equal(boot_file_write(root, &link, &err), 0);
    assert_int_equal(fstatat(root, "boot/menu", &st, AT_SYMLINK_NOFOLLOW), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_fails(write_text(root, "/boot/grub2", "x", &err), &err, ERR_SYSTEM,
        "cannot write '/boot/grub2' in the root");
    assert_int_equal(file_remove_tree(AT_FDCWD, top), 0);
}

static void test_modules_that_are_not_there(void **state)
{
    (void)state;
    char top[] = "/tmp/test-boot-XXXXXX";
    struct err err = {0};
    struct world *w = *state;
    assert_non_null(mkdtemp(top));
    auto_close int root = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    w->plan.grub2_bios = true;
    w->era.grub2_modules = arena_strdup(w->arena, "/usr/lib/grub/i386-pc");
    w->era.grub2_mkimage = arena_strdup(w->arena, "/usr/bin/grub-mkimage");
    int r = boot_prepare(root, &w->plan, &w->layout, &w->era, NULL, &err);
    assert_fails(r, &err, ERR_SYSTEM, "cannot read '/usr/lib/grub/i386-pc'");
    assert_int_equal(file_remove_tree(AT_FDCWD, top), 0);
}

int main(void)
{
#define WITH_WORLD(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_grub2_behind_the_mbr),
        WITH_WORLD(test_grub2_in_a_biosboot_partition),
        WITH_WORLD(test_gap_too_small),
        WITH_WORLD(test_files_that_are_not_grub2),
        WITH_WORLD(test_legacy),
        WITH_WORLD(test_legacy_with_own_boot),
        WITH_WORLD(test_files_that_are_not_grub_legacy),
        WITH_WORLD(test_nothing_to_embed),
        WITH_WORLD(test_layouts_that_do_not_boot),
        cmocka_unit_test(test_file_write),
        WITH_WORLD(test_modules_that_are_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
