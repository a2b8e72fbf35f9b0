/* What makes an installed system an individual, or is left over from making it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "configure/configure.h"
#include "configure/root-files.h"

/* Removed: state that the system makes again by itself. The last component may be a glob. */
static const char *const individual[] = {
    "/etc/ssh/ssh_host_*",
    "/var/lib/systemd/random-seed",
    "/var/lib/random-seed",
    "/var/lib/urandom/random-seed",
    "/var/lib/misc/random-seed",
    "/var/lib/systemd/credential.secret",
    "/var/lib/NetworkManager/*",
    "/var/lib/dhclient/*",
    "/var/lib/dhcp/*.leases*",
    "/var/lib/dhcpcd/*",
    "/etc/dhcpc/*",
    "/etc/udev/rules.d/70-persistent-*.rules",
    "/etc/udev/rules.d/75-persistent-*.rules",
    "/etc/blkid.tab*",
    "/etc/blkid/blkid.tab*",
    "/etc/lvm/archive/*",
    "/etc/lvm/backup/*",
};

static const char *const left_over[] = {
    "/.slipway-*",
    "/tmp/*",
    "/tmp/.*",
    "/var/tmp/*",
    "/var/tmp/.*",
    "/root/.bash_history",
    "/root/.rpmdb",
    "/root/anaconda-ks.cfg",
    "/root/original-ks.cfg",
    "/root/install.log*",
    "/etc/.pwd.lock",
    "/var/lib/rpm/__db.*",
    "/var/lib/rpm/.*.lock",
    "/usr/lib/sysimage/rpm/.*.lock",
    "/var/cache/yum/*",
    "/var/cache/dnf/*",
    "/var/cache/libdnf5/*",
    "/var/cache/apt/archives/*.deb",
    "/var/cache/apt/*.bin",
    "/var/lib/apt/lists/*",
    "/var/cache/ldconfig/aux-cache",
    "/var/cache/debconf/*-old",
    "/var/log/anaconda*",
    "/var/log/yum.log*",
    "/var/log/dnf*.log*",
    "/var/log/hawkey.log*",
    "/var/log/dpkg.log*",
    "/var/log/alternatives.log*",
    "/var/log/bootstrap.log*",
    "/var/log/apt/*",
    "/var/log/journal/*",
    "/var/log/*.old",
};

/* Emptied where they are: programs want the file, with its mode and owner. */
static const char *const logs[] = {
    "/var/log/wtmp",
    "/var/log/btmp",
    "/var/log/lastlog",
    "/var/log/faillog",
    "/var/log/tallylog",
    "/var/log/messages",
    "/var/log/secure",
    "/var/log/syslog",
    "/var/log/auth.log",
    "/var/log/maillog",
    "/var/log/cron",
    "/var/log/spooler",
    "/var/log/boot.log",
    "/var/log/dmesg",
    "/var/log/rpmpkgs",
    "/var/log/audit/audit.log",
};

/* Whether the directory of 'path' is where its name says. Where a symlink leads elsewhere, as from
 * /tmp to /var/tmp (or to /), what is there is not what is meant to go. */
static bool is_in_place(int root, const char *path)
{
    auto_free char *directory = xstrndup(path, (size_t)(strrchr(path, '/') - path));
    auto_close int fd = file_open_in(root, directory, O_PATH | O_DIRECTORY, 0);
    auto_free char *top = root_path_of(root), *there = fd < 0 ? NULL : root_path_of(fd);
    if (!top || !there)
        return false;
    auto_free char *expected = xprintf("%s%s", top, directory);
    return strcmp(there, expected) == 0;
}

static int remove_all(int root, const char *const *paths, size_t n, struct err *err)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < n; i++)
        r = is_in_place(root, paths[i]) ? root_remove(root, paths[i], err) : 0;
    return r;
}

static int empty(int root, const char *path, struct err *err)
{
    struct stat st;
    int r = is_in_place(root, path) ? root_lstat(root, path, &st, err) : 0;
    return r > 0 && S_ISREG(st.st_mode) && st.st_size
               ? root_write(root, path, "", ROOT_KEEP_MODE, err)
           : r < 0 ? r
                   : 0;
}

/* An empty one is filled at the first boot; without one, systemd would also go back to its
 * presets and undo what the recipe says about services. */
static int empty_machine_id(int root, const struct era *era, struct err *err)
{
    static const char *const copy = "/var/lib/dbus/machine-id";
    auto_free char *link = root_readlink(root, copy);
    int r = link ? 0 : remove_all(root, &copy, 1, err);
    if (era->init != INIT_SYSTEMD || r < 0)
        return r;
    r = root_remove(root, "/etc/machine-id", err);
    return r < 0 ? r : root_write(root, "/etc/machine-id", "", 0444, err);
}

static int forget_histories(int root, struct err *err)
{
    auto_strv struct strv users = {0};
    int r = root_list(root, "/home", &users, err);
    for (size_t i = 0; r == 0 && i < users.n; i++) {
        auto_free char *path = xprintf("/home/%s/.bash_history", users.v[i]);
        const char *const one = path;
        r = remove_all(root, &one, 1, err);
    }
    return r;
}

/* SQLite's index of its write-ahead log, of no use to the next process and never the same twice: it
 * goes, with the log, where nothing waits in that. */
static int close_database(int root, const char *directory, struct err *err)
{
    struct stat st;
    auto_free char *log = xprintf("%s/rpmdb.sqlite-wal", directory);
    auto_free char *shared = xprintf("%s/rpmdb.sqlite-shm", directory);
    const char *const both[] = {log, shared};
    int r = is_in_place(root, log) ? root_lstat(root, log, &st, err) : 0;
    return r > 0 && S_ISREG(st.st_mode) && st.st_size == 0
               ? remove_all(root, both, ARRAY_SIZE(both), err)
           : r < 0 ? r
                   : 0;
}

/* /run is a file system of its own that begins empty; before systemd it was /var/run, on disk. */
static int empty_run(int root, const struct era *era, struct err *err)
{
    static const char *const old[] = {"/var/run/*.pid", "/var/lock/subsys/*"};
    static const char *const new[] = {"/run/*", "/run/.*"};
    return era->init == INIT_SYSTEMD ? remove_all(root, new, ARRAY_SIZE(new), err)
                                     : remove_all(root, old, ARRAY_SIZE(old), err);
}

/* Debian makes host keys when the package is installed, and never again: where nothing on the
 * image would make them, a unit does. */
static int make_keys_at_boot(int root, const struct era *era, struct err *err)
{
    static const char *const makers[] = {"/usr/lib/systemd/system/sshd-keygen@.service",
        "/usr/lib/systemd/system/sshd-keygen.service",
        "/usr/lib/systemd/system/sshdgenkeys.service",
        "/etc/systemd/system/regenerate_ssh_host_keys.service", "/usr/bin/cloud-init"};
    const char *unit = "/etc/systemd/system/ssh-host-keys.service";
    bool needed = era->init == INIT_SYSTEMD && root_has(root, "/usr/sbin/sshd") &&
                  root_has(root, "/usr/bin/ssh-keygen") &&
                  root_has(root, "/usr/lib/systemd/system/ssh.service");
    for (size_t i = 0; i < ARRAY_SIZE(makers); i++)
        needed = needed && !root_has(root, makers[i]);
    if (!needed || root_has(root, unit))
        return 0;
    int r = root_write(root, unit,
        "[Unit]\nDescription=Host keys for the SSH server\n"
        "ConditionPathExistsGlob=!/etc/ssh/ssh_host_*_key\n"
        "Before=ssh.service ssh.socket\nAfter=local-fs.target systemd-random-seed.service\n\n"
        "[Service]\nType=oneshot\nExecStart=/usr/bin/ssh-keygen -A\n\n"
        "[Install]\nWantedBy=ssh.service ssh.socket\n",
        0644, err);
    return r < 0 ? r
                 : root_symlink(root, "/etc/systemd/system/ssh.service.wants/ssh-host-keys.service",
                       unit, err);
}

int configure_clean(int root, const struct era *era, struct progress *progress, struct err *err)
{
    progress_begin(progress, "clean", PROGRESS_COUNT, 0);
    int r = remove_all(root, individual, ARRAY_SIZE(individual), err);
    if (r == 0)
        r = remove_all(root, left_over, ARRAY_SIZE(left_over), err);
    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(logs); i++)
        r = empty(root, logs[i], err);
    if (r == 0)
        r = forget_histories(root, err);
    if (r == 0)
        r = empty_machine_id(root, era, err);
    if (r == 0)
        r = close_database(root, "/var/lib/rpm", err);
    if (r == 0)
        r = close_database(root, "/usr/lib/sysimage/rpm", err);
    if (r == 0)
        r = empty_run(root, era, err);
    if (r == 0)
        r = make_keys_at_boot(root, era, err);
    progress_end(progress);
    return r;
}
