/* initrd_make() on trees made here from modules built here, judged by cpio and gzip. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

#include <cmocka.h>

#include "base/file.h"
#include "initrd/compression.h"
#include "initrd/initrd.h"

#define DIRECTORY "/lib/modules/6.1"

/* The smallest ELF object that has a .modinfo: header, section names, the section, its table. */
static struct strbuf make_module(const char *const *fields)
{
    static const char names[] = "\0.modinfo\0.shstrtab";
    struct strbuf info = {0}, b = {0};
    for (; *fields; fields++)
        strbuf_add(&info, *fields, strlen(*fields) + 1);
    uint8_t header[64] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    uint64_t info_at = 64, names_at = info_at + info.len,
             table_at = (names_at + sizeof names + 7) & ~7ULL;
    uint64_t sections[3][8] = {{0}};
    header[16] = 1;  /* ET_REL */
    header[18] = 62; /* x86-64 */
    header[20] = 1;  /* version */
    memcpy(header + 40, &table_at, 8);
    header[52] = 64;                 /* header's size */
    header[58] = 64;                 /* a section header's */
    header[60] = 3;                  /* sections */
    header[62] = 2;                  /* that of names */
    sections[1][0] = 1 | 1ULL << 32; /* name, PROGBITS */
    sections[1][3] = info_at;
    sections[1][4] = info.len;
    sections[2][0] = 10 | 3ULL << 32; /* name, STRTAB */
    sections[2][3] = names_at;
    sections[2][4] = sizeof names;
    strbuf_add(&b, header, sizeof header);
    strbuf_add(&b, info.s, info.len);
    strbuf_add(&b, names, sizeof names);
    while (b.len < table_at)
        strbuf_putc(&b, 0);
    strbuf_add(&b, sections, sizeof sections);
    strbuf_done(&info);
    return b;
}

static void add_module(struct tree_builder *builder, const char *path, const char *depends,
    const char *softdep, enum initrd_compression compression)
{
    struct err err = {0};
    const char *fields[] = {"license=GPL", depends, softdep, NULL};
    auto_strbuf struct strbuf module = make_module(fields), packed = {0};
    auto_free char *full = xprintf(DIRECTORY "/kernel/%s", path);
    assert_int_equal(compression_pack(compression, module.s, module.len, &packed, &err), 0);
    tree_add_file(builder, full, 0644, packed.s, packed.len, 0);
}

static void add_text(struct tree_builder *builder, const char *path, const char *text)
{
    tree_add_file(builder, path, 0644, text, strlen(text), 0);
}

static struct tree *make_tree(bool with_ext4)
{
    struct err err = {0};
    struct tree *tree = NULL;
    auto_cleanup(tree_builder_free) struct tree_builder *b = tree_builder_new(NULL);
    add_module(b, "drivers/virtio/virtio.ko", "depends=", NULL, INITRD_NONE);
    add_module(b, "drivers/virtio/virtio_pci.ko.xz", "depends=virtio,virtio-ring", NULL, INITRD_XZ);
    add_module(b, "drivers/virtio/virtio_ring.ko.gz", "depends=virtio", NULL, INITRD_GZIP);
    add_module(
        b, "drivers/block/virtio_blk.ko.zst", "depends=virtio,virtio_ring", NULL, INITRD_ZSTD);
    add_module(b, "fs/jbd2.ko", "depends=", NULL, INITRD_NONE);
    add_module(b, "crypto/fast-sum.ko", "depends=", NULL, INITRD_NONE);
    if (with_ext4)
        add_module(b, "fs/ext4.ko", "depends=jbd2", "softdep=pre: crc32c", INITRD_NONE);
    add_text(b, DIRECTORY "/modules.builtin", "kernel/drivers/block/xen-blkfront.ko\n");
    add_text(b, DIRECTORY "/modules.alias", "alias crc32c fast_sum\nalias crc32cx virtio\n");
    assert_int_equal(tree_builder_finish(b, &tree, &err), 0);
    return tree;
}

static char release[] = "6.1", modules_path[] = DIRECTORY;
static const struct era_kernel kernel = {.release = release, .modules = modules_path};

static struct initrd_options options_for(const char *fstype)
{
    return (struct initrd_options){.kernel = &kernel,
        .root_fstype = fstype,
        .architecture = "x86_64",
        .with_virtio = true,
        .compression = INITRD_NONE};
}

static const char *last_part(const char *path)
{
    return strrchr(path, '/') + 1;
}

static void loads_in_order_of_dependencies(void **state)
{
    (void)state;
    struct err err = {0};
    struct initrd initrd;
    struct initrd_options options = options_for("ext3");
    auto_cleanup(tree_free) struct tree *tree = make_tree(true);
    options.with_xen = true;
    assert_int_equal(initrd_make(tree, &options, &initrd, &err), 0);
    static const char *const expected[] = {"virtio.ko", "virtio_ring.ko.gz", "virtio_pci.ko.xz",
        "virtio_blk.ko.zst", "fast-sum.ko", "jbd2.ko", "ext4.ko"};
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
        assert_string_equal(last_part(initrd.modules[i]), expected[i]);
    assert_null(initrd.modules[ARRAY_SIZE(expected)]);
    assert_string_equal(initrd.builtin[0], "xen-blkfront");
    assert_null(initrd.builtin[1]);
    assert_string_equal(initrd.missing[0], "virtio_mmio");
    initrd_done(&initrd);
}

/* Runs a command with the bytes as its standard input; what it wrote is the caller's. */
static char *judge(const char *command, const struct initrd *initrd)
{
    char path[] = "/tmp/initrd-XXXXXX";
    char *output = NULL;
    size_t size;
    int fd = mkstemp(path);
    assert_int_equal(file_write_all(fd, initrd->bytes, initrd->size), 0);
    close(fd);
    auto_free char *line = xprintf("%s <%s >%s.out 2>&1", command, path, path);
    auto_free char *result = xprintf("%s.out", path);
    int r = system(line);
    assert_int_equal(file_read(result, 1 << 20, &output, &size), 0);
    unlink(path);
    unlink(result);
    if (WEXITSTATUS(r) == 127)
        skip();
    if (r)
        print_message("%s: %s", command, output);
    assert_int_equal(r, 0);
    return output;
}

static void cpio_reads_the_archive(void **state)
{
    (void)state;
    struct err err = {0};
    struct initrd initrd;
    struct initrd_options options = options_for("ext4");
    auto_cleanup(tree_free) struct tree *tree = make_tree(true);
    assert_int_equal(initrd_make(tree, &options, &initrd, &err), 0);
    auto_free char *list = judge("cpio -it --quiet", &initrd);
    assert_string_equal(list, "dev\ndev/console\netc\netc/modules.list\ninit\nlib\nlib/modules\n"
                              "lib/modules/ext4.ko\nlib/modules/fast-sum.ko\nlib/modules/jbd2.ko\n"
                              "lib/modules/virtio.ko\nlib/modules/virtio_blk.ko\n"
                              "lib/modules/virtio_pci.ko\nlib/modules/virtio_ring.ko\n"
                              "proc\nroot\nsys\n");
    auto_free char *order = judge("cpio -i --quiet --to-stdout etc/modules.list", &initrd);
    assert_string_equal(order, "-/lib/modules/virtio.ko\n-/lib/modules/virtio_ring.ko\n"
                               "-/lib/modules/virtio_pci.ko\n-/lib/modules/virtio_blk.ko\n"
                               "-/lib/modules/fast-sum.ko\n/lib/modules/jbd2.ko\n"
                               "/lib/modules/ext4.ko\n");
    auto_free char *console = judge("cpio -itvn --quiet dev/console", &initrd);
    assert_true(str_starts(console, "crw-------   1 0        0"));
    assert_non_null(strstr(console, "5,   1"));
    initrd_done(&initrd);
}

static void same_bytes_in_every_compression(void **state)
{
    (void)state;
    static const enum initrd_compression all[] = {INITRD_GZIP, INITRD_XZ, INITRD_ZSTD, INITRD_NONE};
    auto_cleanup(tree_free) struct tree *tree = make_tree(true);
    auto_strbuf struct strbuf plain = {0};
    for (size_t i = ARRAY_SIZE(all); i-- > 0;) {
        struct err err = {0};
        struct initrd one, two;
        struct initrd_options options = options_for("ext4");
        options.compression = all[i];
        assert_int_equal(initrd_make(tree, &options, &one, &err), 0);
        assert_int_equal(initrd_make(tree, &options, &two, &err), 0);
        assert_int_equal(one.size, two.size);
        assert_memory_equal(one.bytes, two.bytes, one.size);
        auto_strbuf struct strbuf expanded = {0};
        assert_int_equal(
            compression_expand("initrd", one.bytes, one.size, 1 << 24, &expanded, &err), 0);
        if (all[i] == INITRD_NONE)
            strbuf_add(&plain, expanded.s, expanded.len);
        assert_int_equal(expanded.len, plain.len);
        assert_memory_equal(expanded.s, plain.s, plain.len);
        initrd_done(&one);
        initrd_done(&two);
    }
}

/* The error that an option makes; 'expected' is part of the message. */
static void expect_error(const struct tree *tree, const struct initrd_options *options,
    enum err_kind kind, const char *expected)
{
    struct err err = {0};
    struct initrd initrd;
    assert_true(initrd_make(tree, options, &initrd, &err) < 0);
    assert_int_equal(err.kind, kind);
    if (!strstr(err.message, expected))
        fail_msg("'%s' does not say '%s'", err.message, expected);
    err_done(&err);
}

static void errors_name_what_is_missing(void **state)
{
    (void)state;
    auto_cleanup(tree_free) struct tree *tree = make_tree(false);
    struct initrd_options options = options_for("ext4");
    expect_error(tree, &options, ERR_CHECK, "kernel 6.1 can't mount the root: it has no 'ext4'");
    options.root_fstype = "nilfs2";
    expect_error(tree, &options, ERR_CHECK, "it has no 'nilfs2' driver");
    options = options_for("ext4");
    options.with_virtio = false;
    options.with_nvme = true;
    auto_cleanup(tree_free) struct tree *with = make_tree(true);
    expect_error(with, &options, ERR_CHECK, "can't see the disk: it has none of the drivers nvme,");
    options = options_for("ext4");
    options.architecture = "ppc64";
    expect_error(with, &options, ERR_SYSTEM, "without an init program for ppc64");
    options = options_for("ext4");
    options.extra_modules = (const char *const[]){"virtio", "dm-mod", NULL};
    expect_error(with, &options, ERR_CHECK, "has no module 'dm-mod'");
}

static void errors_name_broken_modules(void **state)
{
    (void)state;
    static const struct {
        const char *path, *bytes, *expected;
    } cases[] = {
        {"fs/ext4.ko", "not an elf", "ext4.ko' is no kernel module"},
        {"fs/ext4.ko", "", "ext4.ko' is no kernel module"},
        {"fs/ext4.ko.gz", "\x1f\x8b broken", "ext4.ko.gz' is broken: its gzip data"},
        {"fs/ext4.ko.xz",
            "\xfd"
            "7zXZ",
            "is no kernel module"},
        {"fs/ext4.ko.zst", "\x28\xb5\x2f\xfd broken", "ext4.ko.zst' is broken: its zstd data"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct err err = {0};
        auto_cleanup(tree_free) struct tree *base = make_tree(false), *tree = NULL;
        auto_cleanup(tree_builder_free) struct tree_builder *b = tree_builder_new(base);
        auto_free char *path = xprintf(DIRECTORY "/kernel/%s", cases[i].path);
        add_text(b, path, cases[i].bytes);
        assert_int_equal(tree_builder_finish(b, &tree, &err), 0);
        struct initrd_options options = options_for("ext4");
        expect_error(tree, &options, ERR_CHECK, cases[i].expected);
    }
}

static void missing_dependency_is_an_error(void **state)
{
    (void)state;
    struct err err = {0};
    auto_cleanup(tree_free) struct tree *base = make_tree(false), *tree = NULL;
    auto_cleanup(tree_builder_free) struct tree_builder *b = tree_builder_new(base);
    add_module(b, "fs/ext4.ko", "depends=jbd2,mbcache", NULL, INITRD_NONE);
    assert_int_equal(tree_builder_finish(b, &tree, &err), 0);
    struct initrd_options options = options_for("ext4");
    expect_error(tree, &options, ERR_CHECK, "module 'ext4' needs 'mbcache', which is not in");
}

/* A chain back to itself ends; depmod would refuse it, a foreign package need not. */
static void circles_end(void **state)
{
    (void)state;
    struct err err = {0};
    struct initrd initrd;
    auto_cleanup(tree_free) struct tree *base = make_tree(false), *tree = NULL;
    auto_cleanup(tree_builder_free) struct tree_builder *b = tree_builder_new(base);
    add_module(b, "fs/ext4.ko", "depends=loop", NULL, INITRD_NONE);
    add_module(b, "fs/loop.ko", "depends=ext4", NULL, INITRD_NONE);
    assert_int_equal(tree_builder_finish(b, &tree, &err), 0);
    struct initrd_options options = options_for("ext4");
    assert_int_equal(initrd_make(tree, &options, &initrd, &err), 0);
    initrd_done(&initrd);
}

/* Kernels before 2.6.33 have no modules.builtin: their configuration says. */
static void old_kernels_say_builtin_by_configuration(void **state)
{
    (void)state;
    struct err err = {0};
    struct initrd initrd;
    auto_cleanup(tree_free) struct tree *base = make_tree(false), *tree = NULL;
    auto_cleanup(tree_builder_free) struct tree_builder *b = tree_builder_new(base);
    tree_remove(b, DIRECTORY "/modules.builtin");
    add_text(b, "/boot/config-6.1", "CONFIG_EXT3_FS=y\nCONFIG_XEN_BLKDEV_FRONTEND=m\n");
    assert_int_equal(tree_builder_finish(b, &tree, &err), 0);
    struct initrd_options options = options_for("ext3");
    assert_int_equal(initrd_make(tree, &options, &initrd, &err), 0);
    assert_string_equal(initrd.builtin[0], "ext3");
    initrd_done(&initrd);
    options = options_for("xfs");
    expect_error(tree, &options, ERR_CHECK, "it has no 'xfs' driver");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_in_order_of_dependencies),
        cmocka_unit_test(cpio_reads_the_archive),
        cmocka_unit_test(same_bytes_in_every_compression),
        cmocka_unit_test(errors_name_what_is_missing),
        cmocka_unit_test(errors_name_broken_modules),
        cmocka_unit_test(missing_dependency_is_an_error),
        cmocka_unit_test(circles_end),
        cmocka_unit_test(old_kernels_say_builtin_by_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
