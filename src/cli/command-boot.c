#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/cli.h"
#include "machine/machine.h"

enum { EXIT_REACHED = 0, EXIT_ENDED = 1, EXIT_TIMEOUT = 124 };

static void to_stdout(void *context, const char *bytes, size_t size)
{
    (void)context;
    fwrite(bytes, 1, size, stdout);
    fflush(stdout);
}

static int parse_bus(const char *name, enum machine_disk *ret_bus, struct err *err)
{
    static const char *const names[] = {[MACHINE_VIRTIO] = "virtio",
        [MACHINE_IDE] = "ide",
        [MACHINE_NVME] = "nvme",
        [MACHINE_SCSI] = "scsi"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret_bus = (enum machine_disk)i;
            return 0;
        }
    }
    err_set(err, ERR_USAGE, -EINVAL, "--disk: there is no bus '%s'", name);
    return err_hint(err, "one of: virtio, ide, nvme, scsi");
}

static int check(const struct options *options, struct err *err)
{
    const char *accel = options->acceleration;
    if (accel && strcmp(accel, "kvm") != 0 && strcmp(accel, "tcg") != 0)
        return err_set(err, ERR_USAGE, -EINVAL, "--accel: '%s' is neither kvm nor tcg", accel);
    if (options->ssh_port > 65535)
        return err_set(err, ERR_USAGE, -EINVAL, "--ssh-port: %u is not a port", options->ssh_port);
    return 0;
}

/* The keyboard goes to the guest as it is, ^C included; Ctrl-] ends the session. */
static bool make_raw(struct termios *saved)
{
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, saved) < 0)
        return false;
    struct termios raw = *saved;
    cfmakeraw(&raw);
    raw.c_oflag |= OPOST;
    return tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

static int outcome_status(enum machine_outcome outcome, const struct options *options)
{
    switch (outcome) {
    case MACHINE_REACHED:
        return EXIT_REACHED;
    case MACHINE_ENDED:
        fprintf(stderr, "\nslipway: the machine ended before '%s' appeared\n", options->until);
        return EXIT_ENDED;
    case MACHINE_TIMEOUT:
        fprintf(stderr, "\nslipway: nothing more to see after %u seconds%s%s%s\n",
            options->timeout_seconds, options->until ? ": '" : "",
            options->until ? options->until : "", options->until ? "' did not appear" : "");
        return EXIT_TIMEOUT;
    case MACHINE_INTERRUPTED:
        break;
    }
    return ERR_INTERRUPTED;
}

static int run(
    const struct machine_options *machine_options, const struct options *options, struct err *err)
{
    auto_cleanup(machine_stop) struct machine *machine = NULL;
    enum machine_outcome outcome = MACHINE_ENDED;
    int r = machine_start(machine_options, &machine, err);
    if (r < 0)
        return r;
    struct termios saved;
    bool is_raw = machine_options->interactive && make_raw(&saved);
    r = machine_expect(machine, options->until, options->timeout_seconds, &outcome, err);
    if (is_raw)
        tcsetattr(STDIN_FILENO, TCSANOW, &saved);
    return r < 0 ? r : outcome_status(outcome, options);
}

int command_boot(const struct options *options, struct progress *progress, struct err *err)
{
    const char *disk = options->arguments.v[0];
    auto_free char *default_log = xprintf("%s.console.log", disk);
    struct machine_options machine_options = {
        .disk = disk,
        .memory_mib = options->memory_mib,
        .processors = options->processors,
        .ssh_port = options->ssh_port,
        .console_file = options->console_file ? options->console_file : default_log,
        .acceleration = options->acceleration ? options->acceleration : machine_acceleration(),
        .uefi = options->uefi,
        .write = options->write,
        .interactive = !options->until && isatty(STDIN_FILENO),
        .output = to_stdout,
    };
    int r = check(options, err);
    if (r == 0 && options->disk_bus)
        r = parse_bus(options->disk_bus, &machine_options.bus, err);
    if (r < 0)
        return r;
    progress_info(progress, "boot: %s by %s, console in '%s'%s", disk, machine_options.acceleration,
        machine_options.console_file, machine_options.interactive ? ", Ctrl-] ends it" : "");
    return run(&machine_options, options, err);
}
