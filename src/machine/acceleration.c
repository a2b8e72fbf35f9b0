#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "machine/machine.h"

/* Put 'hlt' at the guest's address 0x1000 and let a virtual processor come to it. */
static bool run_one_instruction(void)
{
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (kvm < 0)
        return false;
    int vm = ioctl(kvm, KVM_CREATE_VM, 0);
    uint8_t *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (vm < 0 || memory == MAP_FAILED)
        return false;
    memory[0] = 0xf4;
    struct kvm_userspace_memory_region region = {
        .guest_phys_addr = 0x1000,
        .memory_size = 4096,
        .userspace_addr = (uintptr_t)memory,
    };
    int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    int cpu = ioctl(vm, KVM_CREATE_VCPU, 0);
    if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) < 0 || size <= 0 || cpu < 0)
        return false;
    struct kvm_run *run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu, 0);
    struct kvm_sregs special;
    if (run == MAP_FAILED || ioctl(cpu, KVM_GET_SREGS, &special) < 0)
        return false;
    special.cs.base = 0;
    special.cs.selector = 0;
    struct kvm_regs registers = {.rip = 0x1000, .rflags = 2};
    return ioctl(cpu, KVM_SET_SREGS, &special) == 0 && ioctl(cpu, KVM_SET_REGS, &registers) == 0 &&
           ioctl(cpu, KVM_RUN, 0) == 0 && run->exit_reason == KVM_EXIT_HLT;
}

/* In a child, since a /dev/kvm that does not work may block for ever; then the child is left to
 * its SIGKILL and not waited for. */
static bool kvm_works(void)
{
    if (access("/dev/kvm", R_OK | W_OK) < 0)
        return false;
    pid_t child = fork();
    if (child < 0)
        return false;
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(run_one_instruction() ? 0 : 1);
    }
    for (int tenths = 0; tenths < 20; tenths++) {
        int status;
        if (waitpid(child, &status, WNOHANG) == child)
            return WIFEXITED(status) && WEXITSTATUS(status) == 0;
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    kill(child, SIGKILL);
    return false;
}

const char *machine_acceleration(void)
{
    return kvm_works() ? "kvm" : "tcg";
}
