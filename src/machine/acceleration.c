#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "machine/machine.h"

#define SECTOR 512
#define LIMIT_TENTHS 50
/* QEMU's isa-debug-exit ends with twice the byte written to its port, plus one. */
#define WRITTEN 0x10
#define ARRIVED (2 * WRITTEN + 1)

/* A boot sector: mov al, 0x10; out 0xf4, al; hlt. A descriptor that QEMU inherits, or -1. */
static int make_boot_sector(void)
{
    uint8_t sector[SECTOR] = {0xb0, WRITTEN, 0xe6, 0xf4, 0xf4};
    sector[SECTOR - 2] = 0x55;
    sector[SECTOR - 1] = 0xaa;
    int fd = memfd_create("boot-sector", 0);
    return fd >= 0 && file_pwrite_all(fd, sector, sizeof sector, 0) == 0 ? fd : -1;
}

static _Noreturn void become_probe(int disk)
{
    auto_close int null = open("/dev/null", O_RDWR);
    auto_free char *drive = xprintf("file=/proc/self/fd/%d,format=raw,if=ide", disk);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int fd = 0; fd < 3; fd++)
        if (dup2(null, fd) < 0)
            _exit(126);
    execlp("qemu-system-x86_64", "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-machine",
        "pc", "-accel", "kvm", "-cpu", "host", "-m", "16", "-display", "none", "-no-reboot",
        "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-drive", drive, (char *)NULL);
    _exit(127);
}

/* A /dev/kvm may be there and yet hang, or fail when QEMU sets up a processor: only a guest that
 * did something tells. A child that blocks for ever is left to its SIGKILL and not waited for. */
static bool kvm_works(void)
{
    auto_close int disk = access("/dev/kvm", R_OK | W_OK) == 0 ? make_boot_sector() : -1;
    if (disk < 0)
        return false;
    pid_t child = fork();
    if (child < 0)
        return false;
    if (child == 0)
        become_probe(disk);
    for (int tenths = 0; tenths < LIMIT_TENTHS; tenths++) {
        int status;
        if (waitpid(child, &status, WNOHANG) == child)
            return WIFEXITED(status) && WEXITSTATUS(status) == ARRIVED;
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    kill(child, SIGKILL);
    return false;
}

const char *machine_acceleration(void)
{
    return kvm_works() ? "kvm" : "tcg";
}
