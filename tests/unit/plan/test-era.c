#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "plan/era-parts.h"

struct root {
    char path[64];
    int fd;
};

static int setup(void **state)
{
    struct root *root = xcalloc(1, sizeof *root);
    strcpy(root->path, "/tmp/slipway-era-XXXXXX");
    assert_non_null(mkdtemp(root->path));
    root->fd = open(root->path, O_RDONLY | O_DIRECTORY);
    assert_true(root->fd >= 0);
    *state = root;
    return 0;
}

static int teardown(void **state)
{
    struct root *root = *state;
    close(root->fd);
    assert_int_equal(file_remove_tree(AT_FDCWD, root->path), 0);
    free(root);
    return 0;
}

static void put(struct root *root, const char *path, const char *text)
{
    assert_int_equal(file_write_in(root->fd, path, text, strlen(text), 0644), 0);
}

static void make(struct root *root, const char *path)
{
    assert_int_equal(file_make_directories_in(root->fd, path, 0755), 0);
}

static void make_link(struct root *root, const char *target, const char *path)
{
    assert_int_equal(symlinkat(target, root->fd, path + 1), 0);
}

static struct era *detect(struct root *root)
{
    struct err err = {0};
    struct era *era = NULL;
    int r = era_detect(root->fd, &era, &err);
    assert_int_equal(r, 0);
    return era;
}

static char *print(const struct era *era)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    era_print(era, out);
    fclose(out);
    return text;
}

static void test_compare(void **state)
{
    (void)state;
    static const char *const rising[] = {"2.6.9-5.el4", "2.6.18-8.el5", "2.6.18-194.el5",
        "2.6.18-194.el5xen", "2.6.18-194.8.1.el5", "2.6.32-431.el6", "3.10.0-327.el7",
        "3.10.0-1160.el7", "4.18.0-80.el8", "5.14.0~rc1-1.el9", "5.14.0-1.el9", "6.1.0-56-cloud"};
    for (size_t i = 0; i < ARRAY_SIZE(rising); i++)
        for (size_t j = 0; j < ARRAY_SIZE(rising); j++) {
            int r = era_release_compare(rising[i], rising[j]);
            assert_int_equal((r > 0) - (r < 0), (i > j) - (i < j));
        }
    assert_int_equal(era_release_compare("1.02-a", "1.2-a"), 0);
}

static void test_version(void **state)
{
    (void)state;
    unsigned v[3];
    assert_true(era_version_parse("2.6.18-194.8.1.el5xen", v));
    assert_true(v[0] == 2 && v[1] == 6 && v[2] == 18);
    assert_true(era_version_parse("6.1-rc3", v));
    assert_true(v[0] == 6 && v[1] == 1 && v[2] == 0);
    assert_true(era_version_parse("99999999999999999999.1", v));
    assert_int_equal(v[0], 99999);
    assert_false(era_version_parse("extra", v));
    assert_false(era_version_parse("", v));
}

static void test_el5(void **state)
{
    struct root *root = *state;
    put(root, "/boot/vmlinuz-2.6.18-194.8.1.el5xen", "kernel");
    put(root, "/lib/modules/2.6.18-194.8.1.el5xen/modules.dep", "");
    make_link(root, "2.6.18-194.8.1.el5xen", "/lib/modules/6.1.0-56-cloud-amd64");
    put(root, "/boot/vmlinuz-6.1.0-56-cloud-amd64", "kernel");
    put(root, "/lib/modules/2.6.18-8.el5/modules.dep", ""); /* no image: not a kernel */
    put(root, "/sbin/init", "");
    put(root, "/sbin/ifup", "");
    put(root, "/etc/inittab", "");
    make(root, "/etc/rc.d");
    put(root, "/etc/redhat-release", "CentOS release 5.5 (Final)\n");
    put(root, "/etc/sysconfig/network-scripts/ifup", "");
    put(root, "/usr/sbin/NetworkManager", "");
    put(root, "/usr/share/grub/x86_64-redhat/stage1", "1");
    put(root, "/usr/share/grub/x86_64-redhat/stage2", "2");
    auto_cleanup(era_free) struct era *era = detect(root);
    auto_free char *text = print(era);
    assert_string_equal(text,
        "system: CentOS release 5.5 (Final) (rhel-like)\n"
        "init: sysv\n"
        "network: ifcfg\n"
        "kernel: 2.6.18-194.8.1.el5xen (2.6.18), /boot/vmlinuz-2.6.18-194.8.1.el5xen, "
        "/lib/modules/2.6.18-194.8.1.el5xen\n"
        "grub2: no, modules none, mkimage none, directory /boot/grub, bls no\n"
        "grub: yes, stages /usr/share/grub/x86_64-redhat\n"
        "file system: ext3, ext4 no, 64bit no, inodes of 128 bytes\n"
        "devtmpfs: no, selinux: no, rpm database: /var/lib/rpm\n");
    assert_true(era->needs_static_dev);
}

static void test_fedora(void **state)
{
    struct root *root = *state;
    make(root, "/usr/lib");
    make(root, "/usr/sbin");
    make_link(root, "usr/lib", "/lib");
    make_link(root, "usr/sbin", "/sbin");
    put(root, "/usr/lib/systemd/systemd", "");
    make_link(root, "../lib/systemd/systemd", "/usr/sbin/init");
    static const char *const kernels[] = {
        "6.5.6-300.fc39.x86_64", "6.10.1-1.fc39.x86_64", "6.10.1-1.fc39.x86_64+debug"};
    for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
        auto_free char *image = xprintf("/usr/lib/modules/%s/vmlinuz", kernels[i]);
        auto_free char *text = xprintf("kernel%.*s", (int)i, "aaa");
        put(root, image, text);
    }
    put(root, "/boot/vmlinuz-6.5.6-300.fc39.x86_64", "kernel");
    put(root, "/boot/vmlinuz-0-rescue-0123456789abcdef", "kernela");
    put(root, "/usr/sbin/NetworkManager", "");
    put(root, "/etc/selinux/config", "SELINUX=enforcing\n");
    put(root, "/etc/selinux/targeted/policy/policy.33", "");
    put(root, "/usr/lib/grub/i386-pc/normal.mod", "");
    put(root, "/usr/lib/grub/i386-pc/blscfg.mod", "");
    put(root, "/usr/bin/grub2-mkimage", "");
    make(root, "/boot/loader/entries");
    make(root, "/usr/lib/kernel/install.d");
    put(root, "/usr/lib/rpm/macros", "#\n%_dbpath\t\t%{_usr}/lib/sysimage/rpm\n");
    put(root, "/usr/lib/os-release", "NAME=x\nID=fedora\nPRETTY_NAME=\"Fedora\033 39\"\n");
    auto_cleanup(era_free) struct era *era = detect(root);
    auto_free char *text = print(era);
    assert_string_equal(text,
        "system: Fedora 39 (fedora)\n"
        "init: systemd\n"
        "network: NetworkManager\n"
        "kernel: 6.10.1-1.fc39.x86_64 (6.10.1), /usr/lib/modules/6.10.1-1.fc39.x86_64/vmlinuz, "
        "/usr/lib/modules/6.10.1-1.fc39.x86_64\n"
        "kernel: 6.5.6-300.fc39.x86_64 (6.5.6), /boot/vmlinuz-6.5.6-300.fc39.x86_64, "
        "/usr/lib/modules/6.5.6-300.fc39.x86_64\n"
        "kernel: 6.10.1-1.fc39.x86_64+debug (6.10.1), "
        "/usr/lib/modules/6.10.1-1.fc39.x86_64+debug/vmlinuz, "
        "/usr/lib/modules/6.10.1-1.fc39.x86_64+debug\n"
        "kernel: 0-rescue-0123456789abcdef (6.10.1) rescue, "
        "/boot/vmlinuz-0-rescue-0123456789abcdef, /usr/lib/modules/6.10.1-1.fc39.x86_64\n"
        "grub2: yes, modules /usr/lib/grub/i386-pc, mkimage /usr/bin/grub2-mkimage, "
        "directory /boot/grub2, bls yes\n"
        "grub: no, stages none\n"
        "file system: ext4, ext4 yes, 64bit yes, inodes of 256 bytes\n"
        "devtmpfs: yes, selinux: yes, rpm database: /usr/lib/sysimage/rpm\n");
}

/* Nothing outside the root is looked at, whatever its symlinks say. */
static void test_hostile(void **state)
{
    struct root *root = *state;
    make(root, "/etc");
    make(root, "/boot");
    make(root, "/lib/modules/1.0;reboot");
    make(root, "/lib/modules/ 2.0");
    make_link(root, "/../../../../../etc/os-release", "/etc/os-release");
    make_link(root, "/etc/redhat-release", "/etc/redhat-release");
    make_link(root, "/", "/boot/grub");
    assert_int_equal(mkfifoat(root->fd, "etc/system-release", 0600), 0);
    make(root, "/lib/modules/2.6.18");
    make(root, "/boot/vmlinuz-2.6.18"); /* a directory is no kernel */
    auto_cleanup(era_free) struct era *era = detect(root);
    assert_int_equal(era->n_kernels, 0);
    assert_null(era->os_name);
    assert_string_equal(era->os_id, "unknown");
    assert_int_equal(era->init, INIT_UNKNOWN);
    assert_int_equal(era->network, NETWORK_NONE);
}

static void test_unreadable(void **state)
{
    (void)state;
    struct err err = {0};
    struct era *era = NULL;
    assert_true(era_detect(-1, &era, &err) < 0);
    assert_int_equal(err.kind, ERR_SYSTEM);
    assert_null(era);
    err_done(&err);
}

static struct era *predict(const char *const *names, size_t n, const char *releasever)
{
    auto_strv struct strv list = {0};
    for (size_t i = 0; i < n; i++)
        strv_add(&list, names[i]);
    return era_predict(&list, releasever);
}

static void test_predict(void **state)
{
    (void)state;
    static const char *const el5[] = {"kernel-xen-2.6.18-194.8.1.el5", "SysVinit-2.86-15.el5",
        "initscripts-8.45.30-2", "grub-0.97-13.5", "NetworkManager-0.7.0-10",
        "kernel-headers-2.6.18-1"};
    auto_cleanup(era_free) struct era *old = predict(el5, ARRAY_SIZE(el5), "5");
    assert_int_equal(old->n_kernels, 1);
    assert_string_equal(old->kernels[0].release, "2.6.18-194.8.1.el5xen");
    assert_int_equal(old->init, INIT_SYSV);
    assert_int_equal(old->network, NETWORK_IFCFG);
    assert_string_equal(old->default_fstype, "ext3");
    assert_true(old->has_grub_legacy && !old->has_grub2 && old->needs_static_dev);

    static const char *const lab[] = {"linux-image-6.1.0-56-cloud-amd64-6.1.153-1",
        "systemd-sysv-252.39-1", "ifupdown-0.8.41-1", "grub-pc-bin-2.06-13"};
    auto_cleanup(era_free) struct era *debian = predict(lab, ARRAY_SIZE(lab), NULL);
    assert_string_equal(debian->kernels[0].release, "6.1.0-56-cloud-amd64");
    assert_int_equal(debian->network, NETWORK_IFUPDOWN);
    assert_string_equal(debian->grub2_directory, "/boot/grub");
    assert_false(debian->has_bls);

    static const char *const el9[] = {"kernel-core", "systemd", "NetworkManager", "grub2-pc",
        "selinux-policy-targeted", "centos-stream-release"};
    auto_cleanup(era_free) struct era *stream = predict(el9, ARRAY_SIZE(el9), "9");
    assert_string_equal(stream->kernels[0].release, "5.14.0");
    assert_int_equal(stream->network, NETWORK_NETWORKMANAGER);
    assert_true(stream->has_bls && stream->has_selinux && stream->ext_64bit_ok);
    assert_string_equal(stream->os_id, "centos");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_version),
        cmocka_unit_test_setup_teardown(test_el5, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fedora, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_predict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
