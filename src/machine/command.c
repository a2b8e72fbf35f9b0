#include "machine/command.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char *const firmware_paths[] = {
    "/usr/share/OVMF/OVMF_CODE_4M.fd",
    "/usr/share/OVMF/OVMF_CODE.fd",
    "/usr/share/edk2/ovmf/OVMF_CODE.fd",
    "/usr/share/qemu/ovmf-x86_64-code.bin",
};

static void add(struct strv *argv, const char *option, const char *value)
{
    strv_add(argv, option);
    if (value)
        strv_add(argv, value);
}

static void add_owned(struct strv *argv, const char *option, char *value)
{
    add(argv, option, value);
    free(value);
}

/* A value inside a QEMU option list: a comma is written twice. */
static char *escape_commas(const char *text)
{
    struct strbuf b = {0};
    for (; *text; text++) {
        strbuf_putc(&b, *text);
        if (*text == ',')
            strbuf_putc(&b, ',');
    }
    return strbuf_steal(&b);
}

static void add_disk(struct strv *argv, const struct machine_options *options)
{
    auto_free char *path = escape_commas(options->disk);
    add_owned(argv, "-drive",
        xprintf("file.driver=file,file.filename=%s,format=raw,if=none,id=disk0,snapshot=%s", path,
            options->write ? "off" : "on"));
    switch (options->bus) {
    case MACHINE_VIRTIO:
        add(argv, "-device", "virtio-blk-pci,drive=disk0,bootindex=0");
        break;
    case MACHINE_IDE:
        add(argv, "-device", "ide-hd,drive=disk0,bootindex=0");
        break;
    case MACHINE_NVME:
        add(argv, "-device", "nvme,drive=disk0,serial=slipway,bootindex=0");
        break;
    case MACHINE_SCSI:
        add(argv, "-device", "virtio-scsi-pci");
        add(argv, "-device", "scsi-hd,drive=disk0,bootindex=0");
        break;
    }
}

static void add_network(struct strv *argv, const struct machine_options *options)
{
    auto_free char *forward = options->ssh_port
                                  ? xprintf(",hostfwd=tcp:127.0.0.1:%u-:22", options->ssh_port)
                                  : xstrdup("");
    add_owned(argv, "-netdev", xprintf("user,id=net0%s", forward));
    add(argv, "-device",
        options->bus == MACHINE_IDE ? "e1000,netdev=net0" : "virtio-net-pci,netdev=net0");
}

static int add_firmware(struct strv *argv, struct err *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(firmware_paths); i++) {
        if (access(firmware_paths[i], R_OK) < 0)
            continue;
        add_owned(
            argv, "-drive", xprintf("if=pflash,format=raw,readonly=on,file=%s", firmware_paths[i]));
        return 0;
    }
    err_set(err, ERR_SYSTEM, -ENOENT, "no UEFI firmware for QEMU on this machine");
    return err_hint(err, "install the package 'ovmf' (Debian) or 'edk2-ovmf'");
}

int machine_command(const struct machine_options *options, const char *acceleration,
    struct strv *ret_argv, struct err *err)
{
    struct strv argv = {0};
    bool is_kvm = strcmp(acceleration, "kvm") == 0;
    add(&argv, "qemu-system-x86_64", NULL);
    add(&argv, "-nodefaults", NULL);
    add(&argv, "-no-user-config", NULL);
    add(&argv, "-machine", "pc");
    add(&argv, "-accel", is_kvm ? "kvm" : "tcg,thread=multi");
    add(&argv, "-cpu", is_kvm ? "host" : "max");
    add_owned(&argv, "-m", xprintf("%u", options->memory_mib ? options->memory_mib : 1024));
    add_owned(&argv, "-smp", xprintf("%u", options->processors ? options->processors : 1));
    add(&argv, "-display", "none");
    add(&argv, "-no-reboot", NULL);
    add(&argv, "-chardev", "stdio,id=console,signal=off");
    add(&argv, "-serial", "chardev:console");
    add(&argv, "-device", "virtio-rng-pci");
    add_disk(&argv, options);
    add_network(&argv, options);
    int r = options->uefi ? add_firmware(&argv, err) : 0;
    if (r < 0) {
        strv_done(&argv);
        return r;
    }
    *array_push(argv.v, argv.n) = NULL;
    *ret_argv = argv;
    return 0;
}
