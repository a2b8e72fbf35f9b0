#include "init.h"
#include "system.h"

/* What the compiler may call on its own. */
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memset(void *to, int value, size_t n);

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    uint8_t *t = to;
    const uint8_t *f = from;
    while (n--)
        *t++ = *f++;
    return to;
}

void *memset(void *to, int value, size_t n)
{
    uint8_t *t = to;
    while (n--)
        *t++ = (uint8_t)value;
    return to;
}

/* The kernel enters with the stack at argc, argv[], NULL, environment[], NULL. */
#if defined(__x86_64__)
__asm__(
    ".globl _start\n_start:\n\txor %ebp,%ebp\n\tmov %rsp,%rdi\n\tand $-16,%rsp\n\tcall start\n");
#elif defined(__i386__)
__asm__(".globl _start\n_start:\n\txor %ebp,%ebp\n\tmov %esp,%eax\n\tand $-16,%esp\n"
        "\tsub $12,%esp\n\tpush %eax\n\tcall start\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n\tmov x29,#0\n\tmov x0,sp\n\tbl start\n");
#endif

void start(long *stack) __attribute__((noreturn, used));

void start(long *stack)
{
    /* Static, as it is large and there is just one: this program has no other state. */
    static struct init init;
    char **argv = (char **)(stack + 1);
    char **environment = argv + stack[0] + 1;
    if (sys_process_id() != 1) {
        complain("this is the init program of an initramfs; it only works as process 1");
        sys_exit(1);
    }
    mount_kernel_filesystems();
    if (read_file("/proc/cmdline", init.command_line, sizeof init.command_line) < 0)
        complain("cannot read /proc/cmdline; there is no root= then");
    options_parse(init.command_line, &init.options);
    load_modules(&init);
    const struct device *root = find_root(&init);
    mount_root(&init, root);
    switch_to_root(&init, argv, environment);
}
