#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "machine/command.h"
#include "machine/machine.h"

/* A boot sector: says a text on COM1, waits for a key, echoes it and powers off (port 0x604). */
static const uint8_t program[] = {
    0x31, 0xc0, 0x8e, 0xd8, 0xfc,       /* xor ax,ax; mov ds,ax; cld */
    0xba, 0xf8, 0x03, 0xbe, 0x2a, 0x7c, /* mov dx,0x3f8; mov si,text */
    0xac, 0x84, 0xc0, 0x74, 0x03, 0xee, /* lodsb; test al,al; jz +3; out dx,al */
    0xeb, 0xf8,                         /* jmp lodsb */
    0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, /* mov dx,0x3fd; in al,dx; test al,1 */
    0x74, 0xfb,                         /* jz in */
    0xba, 0xf8, 0x03, 0xec, 0xee,       /* mov dx,0x3f8; in al,dx; out dx,al */
    0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, /* mov dx,0x604; mov ax,0x2000 */
    0xef, 0xf4, 0xeb, 0xfd,             /* out dx,ax; hlt; jmp hlt */
};

struct place {
    char directory[64];
    char *disk, *log;
};

static int make_disk(void **state)
{
    struct place *p = xcalloc(1, sizeof *p);
    strcpy(p->directory, "/tmp/slipway-test-XXXXXX");
    assert_non_null(mkdtemp(p->directory));
    p->disk = xprintf("%s/disk, with comma.raw", p->directory);
    p->log = xprintf("%s/console.log", p->directory);
    auto_close int fd = open(p->disk, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    uint8_t sector[512] = {[510] = 0x55, [511] = 0xaa};
    assert_int_equal(sizeof program, 0x2a);
    memcpy(sector, program, sizeof program);
    strcpy((char *)sector + sizeof program, "hello from the boot sector\n");
    assert_int_equal(file_pwrite_all(fd, sector, sizeof sector, 0), 0);
    assert_int_equal(ftruncate(fd, 1 << 20), 0);
    *state = p;
    return 0;
}

static int remove_disk(void **state)
{
    struct place *p = *state;
    assert_int_equal(file_remove_tree(AT_FDCWD, p->directory), 0);
    free(p->disk);
    free(p->log);
    free(p);
    return 0;
}

static struct machine_options options_for(const struct place *p)
{
    return (struct machine_options){
        .disk = p->disk, .memory_mib = 64, .console_file = p->log, .acceleration = "tcg"};
}

static void a_conversation(struct place *p, enum machine_disk bus)
{
    struct err err = {0};
    struct machine_options options = options_for(p);
    options.bus = bus;
    auto_cleanup(machine_stop) struct machine *m = NULL;
    enum machine_outcome outcome;
    assert_int_equal(machine_start(&options, &m, &err), 0);
    assert_int_equal(machine_expect(m, "boot sector\n", 60, &outcome, &err), 0);
    assert_int_equal(outcome, MACHINE_REACHED);
    assert_int_equal(machine_type(m, "x", &err), 0);
    assert_int_equal(machine_expect(m, "x", 60, &outcome, &err), 0);
    assert_int_equal(outcome, MACHINE_REACHED);
    assert_int_equal(machine_expect(m, NULL, 60, &outcome, &err), 0);
    assert_int_equal(outcome, MACHINE_REACHED);
    auto_free char *log = NULL;
    size_t size;
    assert_int_equal(file_read(p->log, 1 << 20, &log, &size), 0);
    assert_non_null(strstr(log, "hello from the boot sector\nx"));
}

static void virtio_boots(void **state)
{
    a_conversation(*state, MACHINE_VIRTIO);
}
static void ide_boots(void **state)
{
    a_conversation(*state, MACHINE_IDE);
}
static void nvme_boots(void **state)
{
    a_conversation(*state, MACHINE_NVME);
}

static void text_that_never_comes(void **state)
{
    struct err err = {0};
    struct machine_options options = options_for(*state);
    auto_cleanup(machine_stop) struct machine *m = NULL;
    enum machine_outcome outcome;
    assert_int_equal(machine_start(&options, &m, &err), 0);
    assert_int_equal(machine_expect(m, "boot sector\n", 60, &outcome, &err), 0);
    assert_int_equal(machine_expect(m, "boot sector\n", 1, &outcome, &err), 0);
    assert_int_equal(outcome, MACHINE_TIMEOUT);
    assert_int_equal(machine_type(m, "q", &err), 0);
    assert_int_equal(machine_expect(m, "login:", 60, &outcome, &err), 0);
    assert_int_equal(outcome, MACHINE_ENDED);
}

static void disk_that_is_not_there(void **state)
{
    struct err err = {0};
    struct machine_options options = options_for(*state);
    options.disk = "/nonexistent/disk";
    struct machine *m = NULL;
    assert_int_equal(machine_start(&options, &m, &err), -ENOENT);
    assert_int_equal(err.kind, ERR_SYSTEM);
    assert_non_null(strstr(err.message, "/nonexistent/disk"));
    err_done(&err);
    options.disk = "/tmp";
    assert_int_equal(machine_start(&options, &m, &err), -EINVAL);
    assert_int_equal(err.kind, ERR_USAGE);
    err_done(&err);
}

static void what_qemu_refuses_is_told(void **state)
{
    struct err err = {0};
    struct machine_options options = options_for(*state);
    options.memory_mib = 1U << 31; /* more than any machine has */
    auto_cleanup(machine_stop) struct machine *m = NULL;
    enum machine_outcome outcome;
    assert_int_equal(machine_start(&options, &m, &err), 0);
    assert_true(machine_expect(m, "x", 60, &outcome, &err) < 0);
    assert_non_null(strstr(err.message, "QEMU failed: "));
    assert_non_null(strstr(err.message, "qemu-system-x86_64"));
    err_done(&err);
}

static void qemu_that_is_missing(void **state)
{
    struct err err = {0};
    struct machine_options options = options_for(*state);
    auto_free char *path = xstrdup(getenv("PATH"));
    setenv("PATH", "/nonexistent", 1);
    auto_cleanup(machine_stop) struct machine *m = NULL;
    enum machine_outcome outcome;
    assert_int_equal(machine_start(&options, &m, &err), 0);
    assert_int_equal(machine_expect(m, "x", 60, &outcome, &err), -ENOENT);
    setenv("PATH", path, 1);
    assert_non_null(strstr(err.hint, "qemu-system-x86"));
    err_done(&err);
}

static void command_line_names_what_was_asked(void **state)
{
    (void)state;
    struct err err = {0};
    struct strv argv = {0};
    struct machine_options options = {
        .disk = "a,b.raw", .bus = MACHINE_NVME, .ssh_port = 2222, .processors = 2, .write = true};
    assert_int_equal(machine_command(&options, "tcg", &argv, &err), 0);
    assert_null(argv.v[argv.n - 1]);
    argv.n--;
    assert_true(strv_has(
        &argv, "file.driver=file,file.filename=a,,b.raw,format=raw,if=none,id=disk0,snapshot=off"));
    assert_true(strv_has(&argv, "nvme,drive=disk0,serial=slipway,bootindex=0"));
    assert_true(strv_has(&argv, "user,id=net0,hostfwd=tcp:127.0.0.1:2222-:22"));
    assert_true(strv_has(&argv, "1024"));
    strv_done(&argv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(virtio_boots, make_disk, remove_disk),
        cmocka_unit_test_setup_teardown(ide_boots, make_disk, remove_disk),
        cmocka_unit_test_setup_teardown(nvme_boots, make_disk, remove_disk),
        cmocka_unit_test_setup_teardown(text_that_never_comes, make_disk, remove_disk),
        cmocka_unit_test_setup_teardown(disk_that_is_not_there, make_disk, remove_disk),
        cmocka_unit_test_setup_teardown(what_qemu_refuses_is_told, make_disk, remove_disk),
        cmocka_unit_test_setup_teardown(qemu_that_is_missing, make_disk, remove_disk),
        cmocka_unit_test(command_line_names_what_was_asked),
    };
    return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
