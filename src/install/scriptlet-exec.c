#include "install/scriptlet-exec.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "sandbox/confine.h"

#define EXPORT __attribute__((visibility("default")))

/* The state of this file, with scriptlet_pipes: set in the child that runs the transaction, never
 * elsewhere. */
static int scriptlet_view = -1;

void scriptlet_exec_into(int view)
{
    scriptlet_view = view;
}

/* The libc's own function of this name. POSIX makes the cast from void * work. */
static void (*next(const char *name))(void)
{
    void *found = dlsym(RTLD_NEXT, name);
    void (*function)(void);
    memcpy(&function, &found, sizeof function);
    return function;
}

/* Into the scriptlets' view; from there is no way back. */
static int enter_view(void)
{
    if (scriptlet_view < 0)
        return 0;
    if (setns(scriptlet_view, CLONE_NEWNS) < 0)
        return -1;
    scriptlet_view = -1;
    int r = confine_drop();
    errno = r < 0 ? -r : 0;
    return r < 0 ? -1 : 0;
}

EXPORT int execve(const char *path, char *const argv[], char *const environment[])
{
    return enter_view() < 0 ? -1 : (int)syscall(SYS_execve, path, argv, environment);
}

EXPORT int execv(const char *path, char *const argv[])
{
    return execve(path, argv, environ);
}

EXPORT int execvp(const char *file, char *const argv[])
{
    int (*function)(const char *, char *const[]) =
        (int (*)(const char *, char *const[]))next("execvp");
    return enter_view() < 0 ? -1 : function(file, argv);
}

EXPORT int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attributes, char *const argv[], char *const environment[])
{
    if (scriptlet_view < 0) {
        int (*function)(pid_t *, const char *, const posix_spawn_file_actions_t *,
            const posix_spawnattr_t *, char *const[], char *const[]) =
            (int (*)(pid_t *, const char *, const posix_spawn_file_actions_t *,
                const posix_spawnattr_t *, char *const[], char *const[]))next("posix_spawnp");
        return function(pid, file, actions, attributes, argv, environment);
    }
    /* librpm's rpm.execute() gives neither actions nor attributes. */
    if (actions || attributes)
        return ENOTSUP;
    pid_t child = fork();
    if (child == 0) {
        environ = (char **)(uintptr_t)environment;
        execvp(file, argv);
        _exit(127);
    }
    *pid = child;
    return child < 0 ? errno : 0;
}

/* Lua's os.execute(). */
EXPORT int system(const char *command)
{
    if (scriptlet_view < 0) {
        int (*function)(const char *) = (int (*)(const char *))next("system");
        return function(command);
    }
    if (!command)
        return 1;
    char shell[] = "/bin/sh", option[] = "-c";
    auto_free char *text = xstrdup(command);
    char *const argv[] = {shell, option, text, NULL};
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        execv(shell, argv);
        _exit(127);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return child < 0 ? -1 : status;
}

/* A stream to or from a shell that popen() below started. */
struct scriptlet_pipe {
    FILE *stream;
    pid_t shell;
};

/* Lua closes them at the latest when it ends; a scriptlet with more open at once gets EMFILE. */
static struct scriptlet_pipe scriptlet_pipes[16];

static struct scriptlet_pipe *find_pipe(FILE *stream)
{
    for (size_t i = 0; i < ARRAY_SIZE(scriptlet_pipes); i++)
        if (scriptlet_pipes[i].stream == stream)
            return &scriptlet_pipes[i];
    errno = stream ? EINVAL : EMFILE;
    return NULL;
}

/* A shell with one end of a pipe as its standard input or output. Returns its pid. */
static pid_t start_shell(const char *command, bool we_read, int *ret_fd)
{
    char shell[] = "/bin/sh", option[] = "-c";
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    auto_close int ours = ends[we_read ? 0 : 1], theirs = ends[we_read ? 1 : 0];
    auto_free char *text = xstrdup(command);
    char *const argv[] = {shell, option, text, NULL};
    pid_t child = fork();
    if (child == 0) {
        if (dup2(theirs, we_read ? 1 : 0) >= 0)
            execv(shell, argv);
        _exit(127);
    }
    if (child > 0)
        *ret_fd = steal_fd(&ours);
    return child;
}

/* Lua's io.popen(). */
EXPORT FILE *popen(const char *command, const char *mode)
{
    if (scriptlet_view < 0) {
        FILE *(*function)(const char *, const char *) =
            (FILE * (*)(const char *, const char *)) next("popen");
        return function(command, mode);
    }
    struct scriptlet_pipe *place = find_pipe(NULL);
    bool we_read = *mode == 'r';
    int fd = -1;
    pid_t shell = place ? start_shell(command, we_read, &fd) : -1;
    if (shell < 0)
        return NULL;
    FILE *stream = fdopen(fd, we_read ? "r" : "w");
    if (stream)
        *place = (struct scriptlet_pipe){stream, shell};
    else
        close(fd);
    return stream;
}

EXPORT int pclose(FILE *stream)
{
    if (scriptlet_view < 0) {
        int (*function)(FILE *) = (int (*)(FILE *))next("pclose");
        return function(stream);
    }
    struct scriptlet_pipe *place = stream ? find_pipe(stream) : NULL;
    int status = 0;
    if (!place)
        return -1;
    fclose(stream);
    pid_t shell = place->shell;
    *place = (struct scriptlet_pipe){0};
    while (waitpid(shell, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}

/* librpm opens what it has just unpacked to set its owner. For a named pipe that would wait for
 * ever; nobody will write. */
static int without_waiting(int directory, const char *path, int flags)
{
    struct stat st;
    bool waits = scriptlet_view >= 0 && !(flags & O_CREAT) &&
                 fstatat(directory, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISFIFO(st.st_mode);
    return waits ? flags | O_NONBLOCK : flags;
}

EXPORT int openat_of_librpm(int directory, const char *path, int flags, ...) __asm__("openat");
int openat_of_librpm(int directory, const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list ap;
        va_start(ap, flags);
        mode = va_arg(ap, mode_t);
        va_end(ap);
    }
    flags = without_waiting(directory, path, flags);
    return (int)syscall(SYS_openat, directory, path, flags, mode);
}

/* The same in a librpm that was compiled with _FORTIFY_SOURCE. */
EXPORT int openat_fortified(int directory, const char *path, int flags) __asm__("__openat_2");
int openat_fortified(int directory, const char *path, int flags)
{
    flags = without_waiting(directory, path, flags);
    return (int)syscall(SYS_openat, directory, path, flags, 0);
}

int scriptlet_exec_check(void)
{
    static const char *const names[] = {
        "execve", "execv", "execvp", "posix_spawnp", "system", "popen", "pclose"};
    void (*const ours[])(void) = {(void (*)(void))execve, (void (*)(void))execv,
        (void (*)(void))execvp, (void (*)(void))posix_spawnp, (void (*)(void))system,
        (void (*)(void))popen, (void (*)(void))pclose};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        void *found = dlsym(RTLD_DEFAULT, names[i]);
        if (memcmp(&found, &ours[i], sizeof found) != 0)
            return -ENOTSUP;
    }
    return 0;
}
