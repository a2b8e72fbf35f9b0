/*
 * System calls without a C library: numbers by the kernel's own headers, entry by one stub for
 * each architecture. Everything returns the kernel's value: negative errno on failure.
 * Source: syscall(2), "Architecture calling conventions". Only calls that Linux 2.6.18 has.
 */
#pragma once

#include <asm/stat.h>
#include <asm/statfs.h>
#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/stat.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#define SYSTEM_FSTATAT __NR_newfstatat
#define SYSTEM_MMAP __NR_mmap
#define system_stat stat
#elif defined(__i386__)
/* Six arguments need ebp, which the compiler won't give away: all go through a block. */
static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
    long block[7] = {number, a, b, c, d, e, f};
    long result;
    __asm__ volatile("pushl %%ebp\n\t"
                     "pushl %%ebx\n\t"
                     "movl 4(%%eax), %%ebx\n\t"
                     "movl 8(%%eax), %%ecx\n\t"
                     "movl 12(%%eax), %%edx\n\t"
                     "movl 16(%%eax), %%esi\n\t"
                     "movl 20(%%eax), %%edi\n\t"
                     "movl 24(%%eax), %%ebp\n\t"
                     "movl (%%eax), %%eax\n\t"
                     "int $0x80\n\t"
                     "popl %%ebx\n\t"
                     "popl %%ebp"
                     : "=a"(result)
                     : "0"(block)
                     : "ecx", "edx", "esi", "edi", "memory");
    return result;
}
#define SYSTEM_FSTATAT __NR_fstatat64
#define SYSTEM_MMAP __NR_mmap2
#define system_stat stat64
#elif defined(__aarch64__)
static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}
#define SYSTEM_FSTATAT __NR_newfstatat
#define SYSTEM_MMAP __NR_mmap
#define system_stat stat
#else
#error "no system call stub for this architecture"
#endif

struct system_time {
    long seconds, nanoseconds;
};

static inline long sys_open(const char *path, int flags)
{
    return system_call(__NR_openat, AT_FDCWD, (long)path, flags, 0, 0, 0);
}
static inline long sys_open_at(int dir, const char *path, int flags)
{
    return system_call(__NR_openat, dir, (long)path, flags, 0, 0, 0);
}
static inline long sys_close(int fd)
{
    return system_call(__NR_close, fd, 0, 0, 0, 0, 0);
}
static inline long sys_read(int fd, void *bytes, size_t size)
{
    return system_call(__NR_read, fd, (long)bytes, (long)size, 0, 0, 0);
}
static inline long sys_write(int fd, const void *bytes, size_t size)
{
    return system_call(__NR_write, fd, (long)bytes, (long)size, 0, 0, 0);
}
static inline long sys_seek(int fd, long offset, int whence)
{
    return system_call(__NR_lseek, fd, offset, whence, 0, 0, 0);
}
static inline long sys_mkdir(const char *path, unsigned mode)
{
    return system_call(__NR_mkdirat, AT_FDCWD, (long)path, (long)mode, 0, 0, 0);
}
static inline long sys_mknod(const char *path, unsigned mode, unsigned major, unsigned minor)
{
    unsigned device = (minor & 0xffU) | major << 8 | (minor & ~0xffU) << 12;
    return system_call(__NR_mknodat, AT_FDCWD, (long)path, (long)mode, (long)device, 0, 0);
}
static inline long sys_unlink_at(int dir, const char *name, int flags)
{
    return system_call(__NR_unlinkat, dir, (long)name, flags, 0, 0, 0);
}
static inline long sys_stat_at(int dir, const char *name, struct system_stat *ret, int flags)
{
    return system_call(SYSTEM_FSTATAT, dir, (long)name, (long)ret, flags, 0, 0);
}
static inline long sys_statfs(const char *path, struct statfs *ret)
{
    return system_call(__NR_statfs, (long)path, (long)ret, 0, 0, 0, 0);
}
static inline long sys_directory(int fd, void *entries, size_t size)
{
    return system_call(__NR_getdents64, fd, (long)entries, (long)size, 0, 0, 0);
}
static inline long sys_mount(
    const char *source, const char *target, const char *type, unsigned long flags, const char *data)
{
    return system_call(
        __NR_mount, (long)source, (long)target, (long)type, (long)flags, (long)data, 0);
}
static inline long sys_unmount(const char *target, int flags)
{
    return system_call(__NR_umount2, (long)target, flags, 0, 0, 0, 0);
}
static inline long sys_map_file(int fd, size_t size)
{
    return system_call(SYSTEM_MMAP, 0, (long)size, 1 /* PROT_READ */, 2 /* MAP_PRIVATE */, fd, 0);
}
static inline long sys_unmap(long address, size_t size)
{
    return system_call(__NR_munmap, address, (long)size, 0, 0, 0, 0);
}
static inline long sys_init_module(const void *bytes, size_t size, const char *parameters)
{
    return system_call(__NR_init_module, (long)bytes, (long)size, (long)parameters, 0, 0, 0);
}
static inline long sys_duplicate(int from, int to)
{
#ifdef __NR_dup2
    return system_call(__NR_dup2, from, to, 0, 0, 0, 0); /* dup3 came with 2.6.27 */
#else
    return system_call(__NR_dup3, from, to, 0, 0, 0, 0);
#endif
}
static inline long sys_chdir(const char *path)
{
    return system_call(__NR_chdir, (long)path, 0, 0, 0, 0, 0);
}
static inline long sys_chroot(const char *path)
{
    return system_call(__NR_chroot, (long)path, 0, 0, 0, 0, 0);
}
static inline long sys_execute(const char *path, char *const *argv, char *const *environment)
{
    return system_call(__NR_execve, (long)path, (long)argv, (long)environment, 0, 0, 0);
}
static inline long sys_process_id(void)
{
    return system_call(__NR_getpid, 0, 0, 0, 0, 0, 0);
}
static inline void sys_sleep_ms(unsigned milliseconds)
{
    struct system_time time = {(long)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000};
    (void)system_call(__NR_nanosleep, (long)&time, 0, 0, 0, 0, 0);
}
static inline void sys_exit(int status)
{
    for (;;)
        (void)system_call(__NR_exit_group, status, 0, 0, 0, 0, 0);
}
